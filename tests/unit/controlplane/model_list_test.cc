#include "controlplane/model_list.h"

#include <gtest/gtest.h>

namespace wp::control {
namespace {

TEST(ModelList, NamesEveryModelOfThePoolsInTheirOrder) {
  const std::vector<RouteSettings> routes = {{"z\"1", "a"}, {"llama-*", "a"}, {"*", "b"}, {"b/2", "b"}};
  EXPECT_EQ(model_list(routes),
            R"({"object":"list","data":[{"id":"z\"1","object":"model","created":0,"owned_by":"warmpath"},)"
            R"({"id":"b/2","object":"model","created":0,"owned_by":"warmpath"}]})");
}

TEST(ModelList, IsEmptyWhereOnlyReplicasKnow) {
  EXPECT_EQ(model_list(std::vector<RouteSettings>{{"*", "a"}, {"llama-*", "b"}}), "");
  EXPECT_EQ(model_list({}), "");
}

}  // namespace
}  // namespace wp::control
