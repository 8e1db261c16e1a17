#include "tests/fuzz/invariants.h"

#include <algorithm>

#include "dataplane/base/assert.h"

namespace wp::http::fuzz {
namespace {

// `start`: where the message before it ended, `end`: where this one did.
void check_extent(const test::Terms& terms, std::string_view bytes, std::uint64_t start, const test::Message& message) {
  const std::string_view alone = bytes.substr(start, message.end - start);
  const test::Transcript again = test::read_whole(terms, alone);
  WP_ASSERT(!again.error);
  WP_ASSERT(again.messages.size() == 1);
  WP_ASSERT(again.messages[0].complete);
  WP_ASSERT(again.messages[0].payload == message.payload);
  WP_ASSERT(again.messages[0].head == message.head);

  const bool ended_by_close = terms.replies && message.head.find(" framing 3 ") != std::string::npos;
  if (ended_by_close) return;
  const test::Transcript shorter = test::read_whole(terms, alone.substr(0, alone.size() - 1));
  WP_ASSERT(!shorter.error);
  WP_ASSERT(shorter.messages.empty() || !shorter.messages[0].complete);
}

void check_forwarding(const test::Terms& terms, const test::Message& message) {
  test::Terms roomy = terms;
  roomy.limits = HeadLimits{64 * 1024, 64 * 1024, HeadLimits::kMaxFields};
  const test::Transcript again = test::read_whole(roomy, message.forwarded);
  WP_ASSERT(!again.error);
  WP_ASSERT(again.messages.size() == 1);
  WP_ASSERT(again.messages[0].forwarded == message.forwarded);
}

}  // namespace

void check(const test::Terms& terms, std::string_view bytes, std::size_t piece, std::size_t cut) {
  const test::Transcript whole = test::read_whole(terms, bytes);
  WP_ASSERT(whole == test::read_in_pieces(terms, bytes, std::max<std::size_t>(piece, 1)));
  WP_ASSERT(whole == test::read_cut(terms, bytes, std::min(cut, bytes.size())));

  std::uint64_t start = 0;
  for (const test::Message& message : whole.messages) {
    WP_ASSERT(message.end <= bytes.size());
    check_forwarding(terms, message);
    if (!message.complete) continue;
    check_extent(terms, bytes, start, message);
    start = message.end;
  }
}

}  // namespace wp::http::fuzz
