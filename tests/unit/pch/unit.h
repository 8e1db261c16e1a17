// What clang reads once for all of a program's tests: the headers of GoogleTest and of the library are most of what a
// test costs to compile. A test includes what it uses all the same, for g++ builds without this.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
