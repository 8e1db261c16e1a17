// Which connection a segment belongs to, seen from our end.
#pragma once

#include "dataplane/base/endpoint.h"

namespace wp::tcp {

struct Flow {
  Endpoint local{};
  Endpoint remote{};

  friend bool operator==(const Flow&, const Flow&) = default;
};

}  // namespace wp::tcp
