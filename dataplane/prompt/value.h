// Writes any JSON value into the canonical stream: keys sorted, numbers by value, texts unescaped, media by their hash.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/prompt/agenda.h"
#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/canonical.h"

namespace wp::prompt {

class ValueWriter {
 public:
  ValueWriter(CanonicalSink& sink, Agenda& agenda) : sink_(sink), agenda_(agenda) {}

  void start() { members_.clear(); }

  // Writes a value as far as it is one step of work; the rest is on the agenda. `media`: its texts may be media.
  void write(Value value, bool media = false);

  // An object of tools or of a content, without its cache_control.
  void write_bare(Value object, bool media = false) { begin_object(object, true, media); }

  // Goes on with the agenda's top, which is one of entries, members and sorted.
  void go_on(Budget& budget);

 private:
  struct Member {
    std::string_view key;
    Value value;

    friend bool operator<(const Member& a, const Member& b) {
      const int order = a.key.compare(b.key);
      return order != 0 ? order < 0 : a.value.is_before(b.value);
    }
  };

  void begin_object(Value object, bool bare, bool media);
  void write_text(Value text, bool media);
  void write_number(double number);
  void write_entries(Budget& budget);
  void write_members(Budget& budget);
  void write_sorted(Budget& budget);

  CanonicalSink& sink_;
  Agenda& agenda_;
  // A stack of the members that were put in order, one run for each such object that is open. At most kMostSorted for
  // each level of nesting, so it stops growing early and stays.
  std::vector<Member> members_;
};

}  // namespace wp::prompt
