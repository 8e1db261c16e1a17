#include "tools/lab/script_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/base/rng.h"
#include "tools/lab/block_text.h"

namespace wp::lab {
namespace {

constexpr std::array<std::string_view, 3> kRoleWords{"system", "user", "assistant"};
constexpr std::uint32_t kLettersStep = 4;  // block_text writes so many tokens at a time

// Cuts a prompt into blocks, of which each names all that came before it.
class BlockChain {
 public:
  BlockChain(std::uint32_t block_tokens, std::vector<BlockHash>& blocks)
      : block_tokens_(block_tokens), blocks_(blocks) {}

  void add(std::uint64_t text, std::uint32_t tokens) {
    for (std::uint32_t done = 0; done < tokens;) {
      const std::uint32_t step = std::min(tokens - done, block_tokens_ - filled_);
      done += step;
      filled_ += step;
      chain_ = mix64(chain_ ^ mix64(text + done));
      if (filled_ < block_tokens_) continue;
      blocks_.push_back(chain_);
      filled_ = 0;
    }
  }

 private:
  std::uint32_t block_tokens_;
  std::uint32_t filled_ = 0;
  std::uint64_t chain_ = 0;
  std::vector<BlockHash>& blocks_;
};

}  // namespace

ScriptText write_script_text(const ScriptLine& line, std::uint32_t block_tokens, std::string& body) {
  ScriptText made;
  BlockChain chain(block_tokens, made.blocks);
  body = R"({"messages":[)";
  bool first = true;
  for (const Piece& piece : line.pieces) {
    if (!piece.goes_on) {
      const auto role = static_cast<std::size_t>(piece.role);
      body += first ? "" : "\"},";
      body.append(R"({"role":")").append(kRoleWords[role]).append(R"(","content":")");
      chain.add(role + 1, kMessageTokens);
      made.tokens += kMessageTokens;
    }
    if (made.opening_at == 0 && piece.role == Role::user) made.opening_at = body.size();
    const std::uint64_t text = piece.text;
    const std::uint32_t whole = (piece.tokens + kLettersStep - 1) / kLettersStep * kLettersStep;
    append_block_text({&text, 1}, piece.tokens, whole, body);
    chain.add(text, piece.tokens);
    made.tokens += piece.tokens;
    first = false;
  }
  body += R"("}]})";
  return made;
}

}  // namespace wp::lab
