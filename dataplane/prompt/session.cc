#include "dataplane/prompt/session.h"

#include <charconv>

#include "dataplane/prompt/keyed_hash.h"

namespace wp::prompt {
namespace {

// The text of an id, and room for one that came as a number.
class IdText {
 public:
  Result<void> read(Value value) {
    text_ = {};
    if (!value.exists()) return {};
    switch (value.kind()) {
      case Kind::text: text_ = value.text(); return {};
      case Kind::integer: return spell(value.integer());
      case Kind::natural: return spell(value.natural());
      default: return fail(Reason::bad_field);
    }
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
constexpr KeyTable kParamsTable(std::array<std::string_view, 1>{"session_id"});

Field field_of(SessionField field) {
  switch (field) {
    case SessionField::prompt_cache_key: return Field::prompt_cache_key;
    case SessionField::conversation: return Field::conversation;
    case SessionField::conversation_id: return Field::conversation_id;
    case SessionField::session_id: return Field::session_id;
    case SessionField::session_params_session_id: return Field::session_params;
    case SessionField::user: return Field::user;
    case SessionField::user_id: return Field::user_id;
    case SessionField::metadata_user_id: return Field::metadata;
  }
  return Field::user;
}

// The one member of an object that names a session.
Result<void> read_member(IdText& id, Value value, const KeyTable<1>& table) {
  if (!value.is(Kind::object)) return fail(Reason::bad_field);
  Members<IdKey, 1> members;
  if (const auto read = members.read(value, table); !read) return read;
  return id.read(members.find(IdKey::id));
}

Result<void> read_field(IdText& id, SessionField field, Value value) {
  if (!value.exists()) return id.read(value);
  if (field == SessionField::metadata_user_id) return read_member(id, value, kMetadataTable);
  if (field == SessionField::session_params_session_id) return read_member(id, value, kParamsTable);
  if (field == SessionField::conversation && value.is(Kind::object)) return read_member(id, value, kConversationTable);
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

SessionSeed session_seed(std::uint64_t key, const HeaderHints& hints) {
  return {header_session(key, hints), keyed_hash(key, hints.credential)};
}

// Fields behind the first present one are read, too: whether a body is refused must not depend on a header.
Result<Session> find_session(const SessionSeed& seed, std::span<const SessionField> order, Api api,
                             const BodyFields& fields, Field& culprit) {
  Session found = seed.from_header;
  for (const SessionField field : order) {
    if (field == SessionField::metadata_user_id && api != Api::messages) continue;
    IdText id;
    const Value value = fields.find(field_of(field));
    if (const auto read = read_field(id, field, value); !read) {
      culprit = field_of(field);
      return std::unexpected(read.error());
    }
    if (found.source == SessionSource::none && !id.text().empty()) {
      found = {keyed_hash(seed.seed, id.text()), SessionSource::body};
    }
  }
  return found;
}

}  // namespace wp::prompt
