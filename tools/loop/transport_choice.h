// Which transport a program runs on, as its command line names it.
#pragma once

#include <cstdint>

namespace CLI {
class App;
}

namespace wp::loop {

enum class TransportChoice : std::uint8_t { best, io_uring, epoll };

// "--transport best|io_uring|epoll". `choice` outlives the parsing.
void add_transport_option(CLI::App& app, TransportChoice& choice);

}  // namespace wp::loop
