// One health check: connects, asks, reads the reply, says what it came to. Time and bytes are bounded.
#pragma once

#include <functional>
#include <string>

#include "controlplane/health/check_result.h"
#include "controlplane/page_fetch.h"

namespace boost::asio {
class io_context;
}

namespace wp::control {

using CheckRequest = PagePlace;

// `status` is 0 when there was no reply.
using CheckDone = std::function<void(CheckResult result, unsigned status)>;
using CancelCheck = std::function<void()>;

// Calls `done` once, later, from the io_context. What is returned ends the check before its time; `done` is then never
// called. A body of more than 64 KiB is not read to its end: the status has said what there is to know.
[[nodiscard]] CancelCheck start_check(boost::asio::io_context& io, const CheckRequest& request, CheckDone done);

}  // namespace wp::control
