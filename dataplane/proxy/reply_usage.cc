#include "dataplane/proxy/reply_usage.h"

namespace wp::proxy {

void ReplyUsage::begin(prompt::Api api, Form form) {
  api_ = api;
  form_ = form;
  figures_ = {};
  within_ = false;
  alone_ = false;
  if (form == Form::plain) text_.begin(api);
}

// Every engine writes the JSON of an event on one line, so each line is a text of its own.
void ReplyUsage::take(const http::SseScanner::Step& step) {
  if (form_ != Form::events || (step.data.empty() && !step.data_ended)) return;
  alone_ = false;
  if (!within_) {
    // Almost every event is one whole line with nothing to tell.
    if (step.data_ended && !prompt::UsageText::possible(step.data)) return;
    text_.begin(api_);
    within_ = true;
  }
  text_.feed(step.data);
  if (!step.data_ended) return;
  within_ = false;
  if (text_.found()) figures_.update(text_.figures());
  alone_ = text_.found() && text_.choices_empty();
}

bool ReplyUsage::may_tell_alone() const {
  if (!within_) return true;
  return text_.unfinished() ? !text_.choices_filled() : text_.found() && text_.choices_empty();
}

std::optional<prompt::Usage> ReplyUsage::usage() const {
  if (form_ == Form::plain) return text_.found() ? text_.figures().read(api_) : std::nullopt;
  return figures_.read(api_);
}

}  // namespace wp::proxy
