#include "tools/loop/transport_choice.h"

#include <map>
#include <string>

#include <CLI/CLI.hpp>

namespace wp::loop {

void add_transport_option(CLI::App& app, TransportChoice& choice) {
  static const std::map<std::string, TransportChoice> kWords = {
      {"best", TransportChoice::best}, {"io_uring", TransportChoice::io_uring}, {"epoll", TransportChoice::epoll}};
  app.add_option("--transport", choice, "best (io_uring, else epoll), io_uring or epoll")
      ->transform(CLI::Transformer(kWords).description(""))  // its own would print enum values as characters, NUL first
      ->default_str("best");
}

}  // namespace wp::loop
