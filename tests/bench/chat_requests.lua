-- wrk sends one chat completion over and over, each time for another of a number of sessions. The requests are made
-- before the clock starts, so that wrk's own work is a table lookup.
-- usage: wrk ... -s chat_requests.lua URL -- BODY_FILE SESSIONS [close], the last for a connection each

local requests = {}
local at = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local body = file:read("*a")
  file:close()
  for session = 1, tonumber(args[2]) do
    local headers = {
      ["Accept"] = "application/json",
      ["Authorization"] = "Bearer sk-bench-000000000000000000000000",
      ["Content-Type"] = "application/json",
      ["Connection"] = args[3],
      ["User-Agent"] = "wrk",
      ["X-Session-ID"] = string.format("session-%08d", session),
    }
    requests[session] = wrk.format("POST", "/v1/chat/completions", headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "not_2xx": %d, "socket_errors": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50), latency:percentile(99)))
end
