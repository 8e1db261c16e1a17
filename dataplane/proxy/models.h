// GET /v1/models, answered by the shard from the Snapshot: no replica knows the models of the other pools. What names
// one model, /v1/models/NAME, goes to the pool that has it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "dataplane/http/head.h"
#include "dataplane/http/writer.h"

namespace wp::proxy {

// Whether the list is asked for.
[[nodiscard]] bool lists_models(const http::RequestHead& head);

// The model that a path names, unescaped (RFC 3986 section 2.1; what is no escape stays as it is); its length, 0 for
// other paths and for a name that `model` has no room for.
[[nodiscard]] std::size_t model_of_path(std::string_view path, std::span<char> model);

// The reply's head, for a body of `length` bytes behind it.
void write_models_head(http::Writer& out, const http::RequestHead& head, std::size_t length, bool keep_alive);

}  // namespace wp::proxy
