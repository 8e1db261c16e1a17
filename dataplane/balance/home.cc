#include "dataplane/balance/home.h"

namespace wp::balance {
namespace {

// Times the mean that a replica may have been given and be a home all the same; more, the more there is to agree about.
constexpr double kEvenShare = 1.1;
constexpr double kShareForHome = 0.2;
// What nobody minds, as the bounds have a floor: a few short prompts more or less are no reason to part from the ring.
constexpr double kSpareTokens = 2048;

}  // namespace

bool Home::overworked(const Replica& replica) const {
  const auto given = static_cast<double>(input_.accounts.given(replica.ref.id, input_.now)) - kSpareTokens;
  const auto all = static_cast<double>(input_.accounts.given_to_pool(input_.pool.id, input_.now));
  const double most = (kEvenShare + kShareForHome * preference_) * all * static_cast<double>(replica.weight);
  return given * static_cast<double>(input_.pool.weight_sum) > most;
}

}  // namespace wp::balance
