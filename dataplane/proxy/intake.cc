#include "dataplane/proxy/intake.h"

#include <algorithm>
#include <cstring>

#include "dataplane/base/assert.h"
#include "dataplane/proxy/models.h"

namespace wp::proxy {
namespace {

// Some 40 us, of the 50 that a turn may be held. A body that is not done in it keeps all other long ones waiting for
// the next turn, so it is to be enough for the usual ones: a step of 10 us doubled what a body of 64 KiB costs.
constexpr std::int64_t kUnitsATurn = 4 * prompt::kStepUnits;

// Less than this of a body is not worth a receive of its own: it comes with what the transport asks for anyway.
constexpr std::uint64_t kLandFrom = 8 * 1024;

// A body up to here costs no more than some steps of a longer one, whatever is in it.
constexpr std::uint32_t kReadAtOnce = 4 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

IntakeResult need_more(bool progress) {
  return {IntakeResult::Kind::need_more, Reason::none, false, progress};
}
IntakeResult refused(Reason reason, bool reusable) {
  return {IntakeResult::Kind::refused, reason, reusable, true};
}

IntakeResult malformed(Reason reason, http::Ambiguity flaw) {
  return {IntakeResult::Kind::refused, reason, false, true, flaw};
}

prompt::ExtractLimits extract_limits(const ProxyConfig& config) {
  return {.max_body = config.body.max_body, .key = config.hash_key, .session_fields = config.session_fields};
}

std::span<char> as_chars(std::span<std::byte> bytes) {
  return {reinterpret_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

void Request::describe(AccessRecord& record, Instant now) const {
  record.start = began;
  record.request_bytes = body_bytes;
  record.session = features.session;
  if (api != prompt::Api::none) {  // else those of no prompt
    record.first_chunk = features.first_chunk;
    record.prompt_tokens = features.estimated_tokens;
  }
  record.model.assign(model());
  record.phase = head_complete ? RequestPhase::body : RequestPhase::head;
  if (!head_complete) return;
  record.head = head_read - began;
  record.body = now - head_read;
  const http::RequestHead& read = head();
  record.method.assign({read.text.data(), read.method_length});
  record.minor_version = read.minor_version;
  record.path.assign(api == prompt::Api::none ? read.path() : prompt::word(api));
}

Reason Request::keep(const prompt::Features& extracted) {
  features = extracted;
  features.model = {};
  WP_ASSERT(extracted.ladder.size() + extracted.ends.size() <= rungs.size());
  const auto ends = std::ranges::copy(extracted.ladder, rungs.begin()).out;
  features.ladder = {rungs.begin(), ends};
  features.ends = {ends, std::ranges::copy(extracted.ends, ends).out};
  if (extracted.model.size() > model_text.size()) return Reason::unknown_model;
  std::ranges::copy(extracted.model, model_text.begin());
  model_length = static_cast<std::uint16_t>(extracted.model.size());
  return Reason::none;
}

Intake::Intake(const ProxyConfig& config)
    : config_(config),
      heads_(config.head_slabs, config.head.head_bytes),
      bodies_(config.body),
      requests_(config.head_slabs),
      extractor_(extract_limits(config)),
      long_extractor_(extract_limits(config)) {}

void Intake::release(Handle& slot) {
  if (extracting_ == slot) extracting_ = {};
  requests_.destroy(slot);
  slot = {};
}

IntakeResult Intake::read(stream::StreamPort& port, Handle& slot, std::size_t slabs_below, prompt::Keys keys) {
  slabs_below_ = slabs_below;
  keys_ = keys;
  if (!slot.valid()) {
    if (port.rx().empty()) return need_more(false);
    slot = requests_.make(config_.head);
    if (!slot.valid()) return refused(Reason::no_head_slab, false);
    Request& fresh = requests_.get(slot);
    fresh.head_text = heads_.take();
    WP_ASSERT(fresh.head_text.owns());  // as many slabs as slots
    fresh.reader.begin(as_chars(fresh.head_text.writable()));
  }
  Request& request = requests_.get(slot);
  if (request.head_complete && request.body.owns()) return read_body(port, request, slot);
  if (request.head_complete) {
    if (const Reason reason = prepare_body(port, request); reason != Reason::none) return refused(reason, false);
  } else {
    const IntakeResult head = read_head(port, request);
    if (head.kind != IntakeResult::Kind::complete) return head;
    if (request.head().framing == http::Framing::none) return complete(port, request, slot);
  }
  IntakeResult body = read_body(port, request, slot);
  body.progress = true;
  return body;
}

// `complete` here: the head is, and the request is one we serve.
IntakeResult Intake::read_head(stream::StreamPort& port, Request& request) {
  bool progress = false;
  while (!port.rx().empty()) {
    std::uint32_t taken = 0;
    const auto fed = request.reader.feed(port.rx().front().bytes(), taken);
    port.consume(taken);
    port.count_copied(taken);
    progress = progress || taken > 0;
    if (!fed) return malformed(fed.error().reason, request.reader.flaw());
    if (*fed == http::Progress::complete) {
      request.head_complete = true;
      const Reason reason = accept_head(port, request);
      // Without a body the request has been read to its end, so the next one may follow.
      if (reason != Reason::none) return refused(reason, request.head().framing == http::Framing::none);
      return {IntakeResult::Kind::complete, Reason::none, true, true};
    }
  }
  return need_more(progress);
}

bool Intake::passes(std::string_view path) const {
  return std::ranges::any_of(config_.pass_paths, [&](const std::string& allowed) {
    if (!path.starts_with(allowed)) return false;
    return path.size() == allowed.size() || allowed.ends_with('/') || path[allowed.size()] == '/';
  });
}

Reason Intake::accept_head(stream::StreamPort& port, Request& request) {
  const http::RequestHead& head = request.head();
  if (head.wants_upgrade) return Reason::upgrade_refused;
  const std::string_view path = head.path();
  const prompt::Api api = prompt::api_of(path);
  if (api != prompt::Api::none) {
    // OPTIONS is a browser's preflight: it has no prompt and is passed on like any other path.
    if (head.method != http::Method::post && head.method != http::Method::options) return Reason::method_refused;
    if (head.method == http::Method::post) request.api = api;
  } else if (request.probe = probe_of(config_.probe_prefix, path); request.probe != Probe::none) {
    if (head.method != http::Method::get && head.method != http::Method::head) return Reason::method_refused;
  } else if (!passes(path)) {
    return Reason::unknown_path;
  }
  return prepare_body(port, request);
}

Reason Intake::prepare_body(stream::StreamPort& port, Request& request) {
  const http::RequestHead& head = request.head();
  if (head.framing == http::Framing::none) return Reason::none;
  const bool known = head.framing == http::Framing::length;
  if (known && head.content_length > bodies_.max_body()) return Reason::body_too_large;
  request.room_wanted = known ? static_cast<std::uint32_t>(head.content_length) : 1;
  request.body = bodies_.take(request.room_wanted, slabs_below_);
  if (!request.body.owns()) return Reason::no_body_slab;
  request.body_reader.begin(head.framing, head.content_length, Fault::client);
  offer_rest(port, request);  // also when all is there already: it tells the transport what is coming
  // RFC 9110 section 10.1.1: not to HTTP/1.0, and not when the body is already on its way.
  if (head.expects_continue && head.minor_version >= 1 && port.rx().empty()) {
    if (!port.append(stream::as_bytes(kContinue))) return Reason::no_buffer;
  }
  return Reason::none;
}

// For so many bytes of a chunked body, chunk lines and all; doubling keeps the copying linear. Made before the bytes
// are read, so that they can still be read later.
bool Intake::make_room(stream::StreamPort& port, Request& request, std::size_t bytes) {
  const std::uint64_t wanted = std::min<std::uint64_t>(request.body_bytes + bytes, bodies_.max_body());
  if (wanted <= request.body.size() || request.head().framing == http::Framing::length) return true;
  request.room_wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted * 2, bodies_.max_body()));
  if (!bodies_.grow(request.body, request.body_bytes, request.room_wanted, slabs_below_)) return false;
  port.count_copied(request.body_bytes);
  return true;
}

Reason Intake::store(Request& request, stream::Bytes payload) const {
  if (payload.empty()) return Reason::none;
  const std::uint64_t wanted = std::uint64_t{request.body_bytes} + payload.size();
  if (wanted > bodies_.max_body()) return Reason::body_too_large;
  WP_ASSERT(wanted <= request.body.size());
  std::memcpy(request.body.writable().data() + request.body_bytes, payload.data(), payload.size());
  request.body_bytes = static_cast<std::uint32_t>(wanted);
  return Reason::none;
}

// The slab is where the body belongs: what is still to come may be received there. A chunked body's slab is not sized
// for what a chunk announces; it grows with what comes.
void Intake::offer_rest(stream::StreamPort& port, const Request& request) const {
  if (request.head().framing != http::Framing::length) return;
  const std::uint64_t rest = request.body_reader.remaining();
  if (rest < kLandFrom) return;
  port.offer_landing(request.body.share(request.body_bytes, static_cast<std::uint32_t>(rest)));
}

IntakeResult Intake::read_body(stream::StreamPort& port, Request& request, Handle slot) {
  port.withdraw_landing();
  const std::uint32_t landed = port.take_landed();
  request.body_reader.skip(landed);
  request.body_bytes += landed;
  bool progress = landed > 0;
  for (;;) {
    if (request.body_reader.done()) return complete(port, request, slot);  // at once for a length of 0
    if (port.rx().empty()) {
      offer_rest(port, request);
      return need_more(progress);
    }
    const stream::Bytes front = port.rx().front().bytes();
    if (!make_room(port, request, front.size())) return refused(Reason::no_body_slab, false);
    const auto step = request.body_reader.feed(front);
    if (!step) return malformed(step.error().reason, request.body_reader.flaw());
    // A chunk says its size before it comes: no use in waiting for what will be refused.
    if (request.body_reader.received() + request.body_reader.remaining() > bodies_.max_body()) {
      return refused(Reason::body_too_large, false);
    }
    const Reason reason = store(request, step->payload);
    if (reason != Reason::none) return refused(reason, false);
    port.consume(step->taken);
    port.count_copied(static_cast<std::uint32_t>(step->payload.size()));
    progress = true;
    WP_ASSERT(step->taken > 0 || step->done);
  }
}

prompt::HeaderHints Intake::hints(const http::RequestHead& head) const {
  prompt::HeaderHints hints;
  for (const std::string& name : config_.session_headers) {
    hints.session = head.value_of(name);
    if (!hints.session.empty()) break;
  }
  if (const http::Field* field = head.find(http::Name::authorization)) {
    hints.credential = head.value(*field);
  } else if (const http::Field* key = head.find(http::Name::x_api_key)) {
    hints.credential = head.value(*key);
  }
  return hints;
}

IntakeResult Intake::complete(const stream::StreamPort& port, Request& request, Handle slot) {
  const http::RequestHead& head = request.head();
  // Whoever put them there takes this request's end to be elsewhere (RFC 9112 section 9.6).
  if (!head.keep_alive && !port.rx().empty()) return refused(Reason::bytes_after_close, false);
  if (request.api == prompt::Api::none) {
    request.features = extractor_.without_body(hints(head));
    request.model_length = static_cast<std::uint16_t>(model_of_path(head.path(), request.model_text));
    return {IntakeResult::Kind::complete, Reason::none, true, true};
  }
  if (!request.body.owns()) return refused(Reason::bad_json, true);
  return extract(request, slot);
}

IntakeResult Intake::extract(Request& request, Handle slot) {
  const auto done = extract_on(request, slot);
  if (!done) return refused(done.error().reason, true);
  if (!*done) return {.again = true};
  const bool small = request.body_bytes <= kReadAtOnce;
  if (!small) extracting_ = {};
  const Reason reason = request.keep((small ? extractor_ : long_extractor_).features());
  if (reason != Reason::none) return refused(reason, true);
  return {IntakeResult::Kind::complete, Reason::none, true, true};
}

// Whether the features are there.
Result<bool> Intake::extract_on(Request& request, Handle slot) {
  const char* text = reinterpret_cast<const char*>(request.body.data());
  if (request.body_bytes <= kReadAtOnce) {
    const auto read = extractor_.extract(request.api, text, request.body_bytes, hints(request.head()), keys_);
    if (!read) return std::unexpected(read.error());
    return true;
  }
  if (extracting_.valid() && extracting_ != slot) return false;
  if (!extracting_.valid()) {
    extracting_ = slot;
    const auto started = long_extractor_.start(request.api, text, request.body_bytes, hints(request.head()), keys_);
    if (!started) extracting_ = {};
    if (!started) return std::unexpected(started.error());
  }
  auto read = long_extractor_.step(kUnitsATurn);
  if (!read) extracting_ = {};
  return read;
}

}  // namespace wp::proxy
