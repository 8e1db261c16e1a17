// Looks at every byte of a reply's body as it comes: is it what it must be, and which tokens has it brought.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tools/load/expectation.h"

namespace wp::load {

class ReplyCheck {
 public:
  virtual ~ReplyCheck() = default;
  // The next bytes of the body, cut anywhere. False: wrong, and flaw() says how; no more may be fed then.
  [[nodiscard]] virtual bool feed(std::string_view bytes) = 0;
  // The body's end was reached: whether all has come.
  [[nodiscard]] virtual bool finish() = 0;

  [[nodiscard]] std::uint32_t tokens() const { return tokens_; }  // that have come whole, of a stream
  [[nodiscard]] const std::string& flaw() const { return flaw_; }

  // What the body's own `usage` says.
  struct Told {
    bool known = false;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t cached_tokens = 0;
  };
  [[nodiscard]] const Told& told() const { return told_; }

 protected:
  std::uint32_t tokens_ = 0;
  std::string flaw_;
  Told told_;
};

// Against what the simulated replica must say.
class ExactCheck final : public ReplyCheck {
 public:
  // `cached_tokens`: as the reply's head says.
  ExactCheck(const Expectation& expected, std::uint32_t cached_tokens);
  [[nodiscard]] bool feed(std::string_view bytes) override;
  [[nodiscard]] bool finish() override;

 private:
  enum class Unit : std::uint8_t { begin, token, last, over };

  [[nodiscard]] bool identify();
  [[nodiscard]] bool match(std::string_view bytes);
  [[nodiscard]] bool differs(std::string_view bytes);
  void next_unit();

  const replica::Api* api_;
  replica::Answer answer_;
  std::string seen_;  // until the reply's own id and time are known
  bool identified_ = false;
  Unit unit_ = Unit::begin;
  std::uint32_t next_token_ = 0;
  std::string wanted_;  // of the unit at hand: what precedes the tokens, one token's event, what follows them
  std::size_t at_ = 0;
};

// Of an engine whose words nobody can know: JSON that is whole, or events that are JSON and end with [DONE].
class ShapeCheck final : public ReplyCheck {
 public:
  explicit ShapeCheck(bool stream) : stream_(stream) {}
  [[nodiscard]] bool feed(std::string_view bytes) override;
  [[nodiscard]] bool finish() override;

 private:
  static constexpr std::size_t kMaxText = 16 * 1024 * 1024;

  [[nodiscard]] bool take_line(std::string_view line);
  [[nodiscard]] bool take_json(std::string_view text);
  [[nodiscard]] bool wrong(std::string flaw);

  bool stream_;
  bool done_ = false;
  std::string text_;  // the whole body, or of a stream the line at hand
};

[[nodiscard]] std::unique_ptr<ReplyCheck> make_check(const std::shared_ptr<const Expectation>& expected, bool stream,
                                                     std::uint32_t cached_tokens);

}  // namespace wp::load
