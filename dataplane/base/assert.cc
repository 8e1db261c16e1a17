#include "dataplane/base/assert.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace wp {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): an assertion has nobody to ask for its witness
std::atomic<AssertionWitness> the_witness{nullptr};

}  // namespace

void set_assertion_witness(AssertionWitness witness) noexcept {
  the_witness.store(witness);
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  if (const AssertionWitness witness = the_witness.load()) witness(expression, file, line);
  std::abort();
}

}  // namespace wp
