#include "dataplane/prompt/session.h"

#include <charconv>

#include "dataplane/prompt/keyed_hash.h"

namespace wp::prompt {

namespace dom = simdjson::dom;

namespace {

// The text of an id, and room for one that came as a number.
class IdText {
 public:
  Result<void> read(const dom::element* value) {
    text_ = {};
    if (value == nullptr || value->get_string().get(text_) == simdjson::SUCCESS) return {};
    std::int64_t narrow = 0;
    std::uint64_t wide = 0;
    if (value->get_int64().get(narrow) == simdjson::SUCCESS) return spell(narrow);
    if (value->get_uint64().get(wide) == simdjson::SUCCESS) return spell(wide);
    return fail(Reason::bad_field);
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  template <class Integer>
  Result<void> spell(Integer number) {
    const char* end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    text_ = {digits_.data(), static_cast<std::size_t>(end - digits_.data())};
    return {};
  }

  std::string_view text_;
  std::array<char, 24> digits_;
};

enum class IdKey : std::uint8_t { id };
constexpr KeyTable kConversationTable(std::array<std::string_view, 1>{"id"});
constexpr KeyTable kMetadataTable(std::array<std::string_view, 1>{"user_id"});

// The one member of an object that names a session.
Result<void> read_member(IdText& id, dom::element value, const KeyTable<1>& table) {
  dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return fail(Reason::bad_field);
  Members<IdKey, 1> members;
  if (const auto read = members.read(object, table); !read) return read;
  return id.read(members.find(IdKey::id));
}

Result<void> read_field(IdText& id, const BodyFields& fields, Field field) {
  const dom::element* value = fields.find(field);
  if (value != nullptr && field == Field::metadata) return read_member(id, *value, kMetadataTable);
  if (value != nullptr && field == Field::conversation && value->is_object()) {
    return read_member(id, *value, kConversationTable);
  }
  return id.read(value);
}

}  // namespace

std::uint64_t session_hash(std::uint64_t key, std::string_view credential, std::string_view id) {
  return keyed_hash(keyed_hash(key, credential), id);
}

Session header_session(std::uint64_t key, const HeaderHints& hints) {
  if (hints.session.empty()) return {};
  return {session_hash(key, hints.credential, hints.session), SessionSource::header};
}

// Fields behind the first present one are read, too: whether a body is refused must not depend on a header.
Result<Session> find_session(std::uint64_t key, const HeaderHints& hints, Api api, const BodyFields& fields,
                             Field& culprit) {
  Session found = header_session(key, hints);
  for (const Field field :
       {Field::prompt_cache_key, Field::conversation, Field::session_id, Field::user, Field::metadata}) {
    if (field == Field::metadata && api != Api::messages) continue;
    IdText id;
    if (const auto read = read_field(id, fields, field); !read) {
      culprit = field;
      return std::unexpected(read.error());
    }
    if (found.source == SessionSource::none && !id.text().empty()) {
      found = {session_hash(key, hints.credential, id.text()), SessionSource::body};
    }
  }
  return found;
}

}  // namespace wp::prompt
