// Reading a body that is no larger than one before it allocates nothing.
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace {
thread_local std::uint64_t allocations = 0;
}

// Replaces every form of the program's operator new that can be reached here, also for simdjson's own library; all of
// them, because a sanitizer's own do not call one another. Never inlined: the compiler would see malloc meet delete.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  operator delete(memory);
}

namespace wp::prompt {
namespace {

// Tools with many members, a wide number, sessions, and messages of every form.
std::string rich_body(std::size_t turns) {
  std::string body = R"({"model":"m","user":"u","tools":[{"type":"function","function":{"parameters":{)";
  for (int i = 0; i < 50; ++i) body += "\"p" + std::to_string(99 - i) + R"(":{"type":"string","maximum":1e400},)";
  body.back() = '}';
  body += R"(}}],"messages":[)";
  for (std::size_t i = 0; i < turns; ++i) {
    body += R"({"role":"user","content":[{"type":"text","text":"caf\u00e9"},)"
            R"({"type":"image_url","image_url":{"url":"u"}}]},)";
    body += R"({"role":"assistant","content":"x","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},)";
  }
  body.back() = ']';
  return body + "}";
}

TEST(Allocation, SecondReadOfABodyAllocatesNothing) {
  const testing::Padded body(rich_body(2000));
  const testing::Padded smaller(rich_body(3));
  Extractor extractor({.key = testing::kKey});
  const std::uint64_t before = allocations;
  const auto first = extractor.extract(Api::chat_completions, body.data(), body.size(), {});
  ASSERT_TRUE(first);
  EXPECT_GT(allocations, before) << "the count counts";

  const std::uint64_t steady = allocations;
  const auto again = extractor.extract(Api::chat_completions, body.data(), body.size(), {.session = "s"});
  const auto less = extractor.extract(Api::chat_completions, smaller.data(), smaller.size(), {});
  ASSERT_TRUE(extractor.start(Api::chat_completions, body.data(), body.size(), {}));
  int steps = 1;
  for (auto read = extractor.step(); read && !*read; read = extractor.step()) ++steps;
  const auto refused = extractor.extract(Api::completions, body.data(), body.size() - 1, {});
  EXPECT_EQ(allocations, steady);
  ASSERT_TRUE(again && less && !refused);
  EXPECT_GT(steps, 2);
  EXPECT_EQ(again->first_chunk, first->first_chunk);
  EXPECT_EQ(less->first_chunk, first->first_chunk);
}

}  // namespace
}  // namespace wp::prompt
