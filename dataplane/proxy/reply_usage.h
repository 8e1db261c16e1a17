// Reads what a reply says of its tokens while it is relayed, whichever API it is of: a plain one as it passes, a
// streamed one event by event. It holds nothing back and keeps no text.
#pragma once

#include <optional>
#include <string_view>

#include "dataplane/http/sse_scanner.h"
#include "dataplane/prompt/features.h"
#include "dataplane/prompt/usage.h"
#include "dataplane/prompt/usage_text.h"

namespace wp::proxy {

class ReplyUsage {
 public:
  enum class Form : std::uint8_t { none, plain, events };

  // Before the first piece of the body; `none` reads nothing of it.
  void begin(prompt::Api api, Form form);

  // A piece of a plain reply's body.
  void take(std::string_view piece) {
    if (form_ == Form::plain) text_.feed(piece);
  }
  // What the scanner found in an event stream.
  void take(const http::SseScanner::Step& step);

  // Of an event stream: the last data line that ended told usage and had no choices.
  [[nodiscard]] bool told_alone() const { return alone_; }
  // The data line at hand, of which not all is there, may still come to that.
  [[nodiscard]] bool may_tell_alone() const;

  // Such a reply is read at all.
  [[nodiscard]] bool reads() const { return form_ != Form::none; }
  // What it has said so far.
  [[nodiscard]] std::optional<prompt::Usage> usage() const;

 private:
  prompt::UsageText text_;
  prompt::UsageFigures figures_;  // of the events before
  prompt::Api api_ = prompt::Api::none;
  Form form_ = Form::none;
  bool within_ = false;  // text_ has a part of the line at hand
  bool alone_ = false;
};

}  // namespace wp::proxy
