#include "dataplane/base/reasons.h"

#include "dataplane/base/assert.h"

namespace wp {
namespace {

constexpr bool yes = true;
constexpr bool no = false;

constexpr std::array<ReasonInfo, kReasonCount> kTable = {{
#define WP_ROW(name, kind, fault, status, retry, text) \
  ReasonInfo{#name, ReasonKind::kind, Fault::fault, status, retry, text},
    WP_REASONS(WP_ROW)
#undef WP_ROW
}};

}  // namespace

const std::array<ReasonInfo, kReasonCount>& all_reasons() {
  return kTable;
}

const ReasonInfo& info(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  WP_ASSERT(index < kReasonCount);
  return kTable[index];
}

std::string_view word(Reason reason) {
  return info(reason).word;
}

std::string_view word(ReasonKind kind) {
  switch (kind) {
    case ReasonKind::none: return "none";
    case ReasonKind::refuse: return "refuse";
    case ReasonKind::fail: return "fail";
    case ReasonKind::close: return "close";
    case ReasonKind::retry: return "retry";
    case ReasonKind::decide: return "decide";
  }
  return "?";
}

std::string_view word(Fault fault) {
  switch (fault) {
    case Fault::nobody: return "nobody";
    case Fault::client: return "client";
    case Fault::replica: return "replica";
    case Fault::us: return "us";
  }
  return "?";
}

}  // namespace wp
