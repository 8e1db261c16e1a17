// Reads requests off a client's stream: head, checks, body into one slab, features. What it holds for a request lives
// in a slot that is taken with the request's first byte and given back when its reply begins.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/base/access_record.h"
#include "dataplane/base/pool.h"
#include "dataplane/base/result.h"
#include "dataplane/base/time.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/head_reader.h"
#include "dataplane/prompt/features.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/probe.h"
#include "dataplane/stream/body_slabs.h"
#include "dataplane/stream/port.h"

namespace wp::proxy {

// A request as far as it has been read.
struct Request {
  explicit Request(const http::HeadLimits& limits) : reader(limits) {}

  http::RequestHeadReader reader;
  stream::Slice head_text;
  stream::Slice body;  // shows all of its slab's room
  std::uint32_t body_bytes = 0;
  std::uint32_t room_wanted = 0;  // of a slab, when there was none
  http::BodyReader body_reader;
  prompt::Api api = prompt::Api::none;
  Probe probe = Probe::none;  // we are asked, not a replica
  prompt::Features features;  // without its model: see model(); its rungs are those below
  bool head_complete = false;
  Instant began;  // its first byte was seen, and its head complete: whoever knows the time notes it
  Instant head_read;
  Instant body_progress;        // the last piece of the body came
  std::uint32_t body_paid = 0;  // of body_bytes when it was last taken for one that gets on

  [[nodiscard]] const http::RequestHead& head() const { return reader.head(); }
  [[nodiscard]] std::string_view model() const { return {model_text.data(), model_length}; }

  // Copies: the extractor's live until its next call only, and a retry comes later.
  std::array<char, 256> model_text;
  std::uint16_t model_length = 0;
  std::array<prompt::Rung, prompt::kMaxRungs> rungs;

  // Takes over what was extracted. Errors: unknown_model, of a name longer than any we know.
  [[nodiscard]] Reason keep(const prompt::Features& extracted);

  // What an access log says of it, as far as it was read until `now`.
  void describe(AccessRecord& record, Instant now) const;
};

// What reading came to.
struct IntakeResult {
  enum class Kind : std::uint8_t { need_more, complete, refused };
  Kind kind = Kind::need_more;
  Reason reason = Reason::none;  // of refused
  bool reusable = false;         // of refused: the request was read to its end, the connection can serve the next
  bool progress = false;         // of need_more: bytes were taken
  // Of refused, when the bytes themselves were wrong.
  http::Ambiguity flaw = http::Ambiguity::none;
  bool again = false;  // of need_more: the body is there, and is read on in the next turn
};

class Intake {
 public:
  explicit Intake(const ProxyConfig& config);

  // Reads what is in the port's rx into the client's request; `slot` is made when it is invalid and there are bytes.
  // May queue "100 Continue". Takes a body's slab of the classes below `slabs_below` only. `keys`: of whose prompts
  // they are needed; what was begun with others is finished so. After `refused` the slot still says what is known of
  // the request: release it; or, where the reason is no_head_slab or no_body_slab, nothing was lost and the same call
  // may be made again.
  [[nodiscard]] IntakeResult read(stream::StreamPort& port, Handle& slot, std::size_t slabs_below, prompt::Keys keys);

  [[nodiscard]] Request& get(Handle slot) { return requests_.get(slot); }
  void release(Handle& slot);
  // Memory of the slabs that bodies hold, those still on their way to a replica among them.
  [[nodiscard]] std::uint64_t body_bytes() const { return bodies_.held_bytes(); }
  [[nodiscard]] const stream::BodySlabs& bodies() const { return bodies_; }
  // Requests being read, or kept until their reply begins.
  [[nodiscard]] std::uint32_t held() const { return requests_.live(); }

 private:
  [[nodiscard]] IntakeResult read_head(stream::StreamPort& port, Request& request);
  [[nodiscard]] Reason accept_head(stream::StreamPort& port, Request& request);
  [[nodiscard]] Reason prepare_body(stream::StreamPort& port, Request& request);
  [[nodiscard]] IntakeResult read_body(stream::StreamPort& port, Request& request, Handle slot);
  void offer_rest(stream::StreamPort& port, const Request& request) const;
  [[nodiscard]] bool make_room(stream::StreamPort& port, Request& request, std::size_t bytes);
  [[nodiscard]] Reason store(Request& request, stream::Bytes payload) const;
  [[nodiscard]] IntakeResult complete(const stream::StreamPort& port, Request& request, Handle slot);
  [[nodiscard]] IntakeResult extract(Request& request, Handle slot);
  [[nodiscard]] Result<bool> extract_on(Request& request, Handle slot);
  [[nodiscard]] prompt::HeaderHints hints(const http::RequestHead& head) const;
  [[nodiscard]] bool passes(std::string_view path) const;

  const ProxyConfig& config_;
  stream::SlicePool heads_;
  stream::BodySlabs bodies_;
  Pool<Request> requests_;

  // Small bodies are read at once. Others are read a step a turn, one at a time, so that nobody waits for long.
  prompt::Extractor extractor_;
  prompt::Extractor long_extractor_;
  Handle extracting_;  // whose body long_extractor_ is at
  // Of the read() under way.
  std::size_t slabs_below_ = 0;
  prompt::Keys keys_ = prompt::Keys::always;
};

}  // namespace wp::proxy
