#include "tests/unit/http/transcript.h"

#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/http/writer.h"

namespace wp::http::test {
namespace {

std::string describe_base(const HeadBase& head) {
  std::string out = "version 1." + std::to_string(head.minor_version);
  out += " framing " + std::to_string(static_cast<int>(head.framing));
  out += " length " + std::to_string(head.content_length);
  out += head.keep_alive ? " keep-alive" : " close";
  out += head.wants_upgrade ? " upgrade\n" : "\n";
  for (const Field& field : head.all()) {
    out.append(head.name(field)).append(" = [").append(head.value(field)).append("]");
    out += " kind " + std::to_string(static_cast<int>(field.name));
    out += field.hop_by_hop ? " hop-by-hop\n" : "\n";
  }
  return out;
}

// A field grows by two bytes at most (": " and no blank for ":"), and framing and Host come on top.
std::vector<std::byte> room_for(const HeadBase& head) {
  return std::vector<std::byte>(head.text.size() + 2 * HeadLimits::kMaxFields + 256);
}

std::string to_text(const Writer& out) {
  WP_ASSERT(!out.overflowed());
  return {reinterpret_cast<const char*>(out.written().data()), out.size()};
}

}  // namespace

std::string describe(const RequestHead& head) {
  std::string out(head.method_token());
  out.append(" target [").append(head.target()).append("] host [").append(head.host()).append("]");
  out += head.expects_continue ? " expects continue\n" : "\n";
  return out + describe_base(head);
}

std::string describe(const ReplyHead& head) {
  std::string out = std::to_string(head.status);
  return out.append(" [").append(head.reason_phrase()).append("]\n") + describe_base(head);
}

std::string forward(const RequestHead& head) {
  std::vector<std::byte> room = room_for(head);
  Writer out(room);
  write_request_line(out, head.method_token(), head.target());
  out.field("Host", head.host().empty() ? std::string_view("none") : head.host());
  write_end_to_end_fields(out, head, {});
  write_framing(out, head.framing, head.content_length);
  write_end_of_head(out);
  return to_text(out);
}

std::string forward(const ReplyHead& head) {
  std::vector<std::byte> room = room_for(head);
  Writer out(room);
  write_status_line(out, head.status, head.reason_phrase());
  write_end_to_end_fields(out, head, {});
  write_framing(out, head.framing, head.content_length);
  write_end_of_head(out);
  return to_text(out);
}

std::string describe(const Transcript& transcript) {
  std::string out;
  for (const Message& message : transcript.messages) {
    out += message.head + "payload [" + message.payload + "]";
    out += message.complete ? " ends at " + std::to_string(message.end) + "\n" : " incomplete\n";
  }
  if (transcript.error) {
    out.append("error ").append(word(transcript.error->reason));
    out += " at " + std::to_string(transcript.error->position) + "\n";
  }
  if (transcript.waits_inside_head) out += "waits inside a head\n";
  if (transcript.last) out += "last\n";
  return out;
}

Conversation::Conversation(const Terms& terms)
    : terms_(terms), buffer_(terms.limits.head_bytes), requests_(terms.limits), replies_(terms.limits) {
  begin_message();
}

void Conversation::begin_message() {
  in_body_ = false;
  // What an earlier head left behind must not matter.
  std::fill(buffer_.begin(), buffer_.end(), '~');
  if (terms_.replies) {
    replies_.begin(buffer_, terms_.answered);
  } else {
    requests_.begin(buffer_);
  }
}

void Conversation::feed(std::string_view piece) {
  const std::vector<char> exact(piece.begin(), piece.end());
  read(std::as_bytes(std::span(exact)));
}

void Conversation::read(std::span<const std::byte> input) {
  while (!input.empty() && !transcript_.error && !transcript_.last) {
    const std::uint32_t taken = in_body_ ? read_body(input) : read_head(input);
    WP_ASSERT(taken <= input.size());
    WP_ASSERT(taken > 0 || transcript_.error);
    consumed_ += taken;
    input = input.subspan(taken);
    if (in_body_ && body_.done() && !transcript_.error) end_message();
  }
}

std::uint32_t Conversation::read_head(std::span<const std::byte> input) {
  std::uint32_t taken = 0;
  const Result<Progress> progress = terms_.replies ? replies_.feed(input, taken) : requests_.feed(input, taken);
  if (!progress) {
    transcript_.error = progress.error();
    return taken;
  }
  if (*progress == Progress::need_more) {
    WP_ASSERT(taken == input.size());
    return taken;
  }
  in_body_ = true;
  Message message;
  if (terms_.replies) {
    const ReplyHead& head = replies_.head();
    message.head = describe(head);
    message.forwarded = forward(head);
    body_.begin(head.framing, head.content_length, Fault::replica);
  } else {
    const RequestHead& head = requests_.head();
    message.head = describe(head);
    message.forwarded = forward(head);
    body_.begin(head.framing, head.content_length, Fault::client);
  }
  transcript_.messages.push_back(std::move(message));
  return taken;
}

std::uint32_t Conversation::read_body(std::span<const std::byte> input) {
  const std::uint64_t known = body_.remaining();
  const Result<BodyReader::Step> step = body_.feed(input);
  if (!step) {
    transcript_.error = step.error();
    return 0;
  }
  const std::byte* const begin = step->payload.data();
  WP_ASSERT(step->payload.empty() ||
            (begin >= input.data() && begin + step->payload.size() <= input.data() + step->taken));
  WP_ASSERT(step->done == body_.done());
  WP_ASSERT(known == 0 || known - step->payload.size() == body_.remaining());
  Message& message = transcript_.messages.back();
  message.payload.append(reinterpret_cast<const char*>(begin), step->payload.size());
  WP_ASSERT(body_.received() == message.payload.size());
  return step->taken;
}

void Conversation::end_message() {
  Message& message = transcript_.messages.back();
  message.complete = true;
  message.end = consumed_;
  const HeadBase& head = terms_.replies ? static_cast<const HeadBase&>(replies_.head()) : requests_.head();
  transcript_.last = !head.keep_alive || head.wants_upgrade;
  if (!transcript_.last) begin_message();
}

Transcript Conversation::finish() {
  if (transcript_.error || transcript_.last) return transcript_;
  if (in_body_) {
    if (body_.closed()) end_message();
  } else {
    transcript_.waits_inside_head = terms_.replies ? !replies_.idle() : !requests_.idle();
  }
  return transcript_;
}

Transcript read_whole(const Terms& terms, std::string_view bytes) {
  Conversation conversation(terms);
  conversation.feed(bytes);
  return conversation.finish();
}

Transcript read_in_pieces(const Terms& terms, std::string_view bytes, std::size_t size) {
  WP_ASSERT(size > 0);
  Conversation conversation(terms);
  for (std::size_t at = 0; at < bytes.size(); at += size) conversation.feed(bytes.substr(at, size));
  return conversation.finish();
}

Transcript read_cut(const Terms& terms, std::string_view bytes, std::size_t at) {
  Conversation conversation(terms);
  conversation.feed(bytes.substr(0, at));
  conversation.feed(bytes.substr(at));
  return conversation.finish();
}

}  // namespace wp::http::test
