#include "controlplane/access_format.h"

#include <array>
#include <charconv>
#include <chrono>
#include <span>

#include "controlplane/termination.h"

namespace wp::control {
namespace {

// Writes values one after the other; what has no value is null in JSON and '-' in text.
class FieldWriter {
 public:
  FieldWriter(std::string& out, AccessFormat format) : out_(out), json_(format == AccessFormat::json) {}

  void begin(std::string_view name, bool first) {
    if (json_) {
      out_.append(first ? "{\"" : ",\"").append(name).append("\":");
    } else if (!first) {
      out_ += ' ';
    }
  }
  void end() { out_.append(json_ ? "}\n" : "\n"); }

  void absent() { out_.append(json_ ? "null" : "-"); }
  void number(std::int64_t value) {
    std::array<char, 24> digits;
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }
  void number(std::uint64_t value, bool present) { present ? number(static_cast<std::int64_t>(value)) : absent(); }
  void flag(bool value) { out_.append(json_ ? (value ? "true" : "false") : (value ? "yes" : "no")); }
  // Microseconds, rounded up so that work that was done is never 0.
  void time(Duration value) { value < Duration{} ? absent() : number((value.ns + 999) / 1000); }
  void hash(std::uint64_t value) {
    if (value == 0) return absent();
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<char, 16> digits;
    for (std::size_t i = digits.size(); i-- > 0; value >>= 4U) digits[i] = kDigits[value & 15U];
    quote();
    out_.append(digits.data(), digits.size());
    quote();
  }
  // A word of our own.
  void plain(std::string_view text) {
    quote();
    out_.append(text);
    quote();
  }
  // Text that a client chose.
  void foreign(std::string_view text) {
    if (text.empty()) return absent();
    quote();
    for (const char c : text) {
      if (c < ' ' || c > '~' || (!json_ && c == ' ')) {
        out_ += '?';
      } else {
        if (json_ && (c == '"' || c == '\\')) out_ += '\\';
        out_ += c;
      }
    }
    quote();
  }
  void wall_clock(std::int64_t unix_ns) {
    const std::chrono::sys_time<std::chrono::nanoseconds> time{std::chrono::nanoseconds(unix_ns)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::int64_t micros = (time - day).count() / 1000;
    const std::int64_t second = micros / 1'000'000;
    quote();
    digits(static_cast<int>(date.year()), 4, '-');
    digits(static_cast<unsigned>(date.month()), 2, '-');
    digits(static_cast<unsigned>(date.day()), 2, 'T');
    digits(second / 3600, 2, ':');
    digits(second / 60 % 60, 2, ':');
    digits(second % 60, 2, '.');
    digits(micros % 1'000'000, 6, 'Z');
    quote();
  }

 private:
  void quote() {
    if (json_) out_ += '"';
  }
  void digits(std::int64_t value, std::size_t width, char behind) {
    const std::size_t at = out_.size();
    out_.append(width, '0').append(1, behind);
    for (std::size_t i = width; i-- > 0; value /= 10) out_[at + i] = static_cast<char>('0' + value % 10);
  }

  std::string& out_;
  bool json_;
};

struct AccessField {
  std::string_view name;
  std::string_view kind;
  std::string_view meaning;
  void (*write)(FieldWriter& out, const AccessLine& line);
};

using Line = const AccessLine&;
using Out = FieldWriter&;

void write_reason(Out out, Reason reason) {
  reason == Reason::none ? out.absent() : out.plain(word(reason));
}

void write_told(Out out, std::uint32_t tokens) {
  out.number(tokens, tokens != kNotTold);
}

void write_termination(Out out, Line line) {
  const std::array<char, 2> letters = {ender_of(line.record.reason), letter_of(line.record.phase)};
  out.plain({letters.data(), letters.size()});
}

// clang-format off
constexpr std::array<AccessField, 31> kFields = {{
  {"time", "time", "when the first byte of the request was seen, UTC",
   [](Out out, Line line) { out.wall_clock(line.unix_ns); }},
  {"shard", "number", "the shard that served it",
   [](Out out, Line line) { out.number(line.shard); }},
  {"client", "text", "address and port of the connection it came on",
   [](Out out, Line line) { out.foreign(to_string(line.record.client)); }},
  {"method", "text", "the method; absent when the head was not read to its end, as is all that the head says",
   [](Out out, Line line) { out.foreign(line.record.method.view()); }},
  {"path", "text", "the API's word, or the path of any other request without its query; cut after 63 bytes",
   [](Out out, Line line) { out.foreign(line.record.path.view()); }},
  {"version", "text", "HTTP version of the request, 1.0 or 1.1",
   [](Out out, Line line) {
     line.record.method.length == 0 ? out.absent() : out.plain(line.record.minor_version == 0 ? "1.0" : "1.1");
   }},
  {"status", "number", "status that the client was sent; absent when it was sent none",
   [](Out out, Line line) { out.number(line.record.status, line.record.status != 0); }},
  {"termination", "text", "two letters: who ended it and in which phase, see below",
   write_termination},
  {"reason", "text", "why it did not end well, a word of [REASONS.md](REASONS.md)",
   [](Out out, Line line) { write_reason(out, line.record.reason); }},
  {"model", "text", "the model that the request names; cut after 63 bytes",
   [](Out out, Line line) { out.foreign(line.record.model.view()); }},
  {"pool", "text", "the pool that serves the model",
   [](Out out, Line line) { out.foreign(line.record.pool.view()); }},
  {"replica", "text", "the last replica that it was sent to or should have been",
   [](Out out, Line line) { out.foreign(line.record.replica.view()); }},
  {"decision", "text", "why that replica, a word of [REASONS.md](REASONS.md)",
   [](Out out, Line line) { write_reason(out, line.record.decision); }},
  {"attempts", "number", "how many times it was sent to a replica, retries on fresh connections included",
   [](Out out, Line line) { out.number(line.record.attempts); }},
  {"reused", "yes or no", "the last attempt went out on a connection that was open already",
   [](Out out, Line line) { line.record.attempts == 0 ? out.absent() : out.flag(line.record.reused); }},
  {"request_bytes", "bytes", "of the request's body, as far as it was read",
   [](Out out, Line line) { out.number(line.record.request_bytes); }},
  {"reply_bytes", "bytes", "of the replica's reply body that were handed on; 0 for answers of our own",
   [](Out out, Line line) { out.number(static_cast<std::int64_t>(line.record.reply_bytes)); }},
  {"prompt_tokens", "number", "estimated tokens of the prompt; absent when there is none or it was not read",
   [](Out out, Line line) { out.number(line.record.prompt_tokens, line.record.prompt_tokens != 0); }},
  {"told_prompt_tokens", "number", "tokens of the prompt as the reply's `usage` says; absent when it does not",
   [](Out out, Line line) { write_told(out, line.record.told_prompt_tokens); }},
  {"told_cached_tokens", "number",
   "of these, tokens that the replica had cached; absent when it does not say, and 0 once it has said so before",
   [](Out out, Line line) { write_told(out, line.record.told_cached_tokens); }},
  {"told_completion_tokens", "number", "tokens of the reply as its `usage` says; absent when it does not",
   [](Out out, Line line) { write_told(out, line.record.told_completion_tokens); }},
  {"events", "number", "server-sent events handed on",
   [](Out out, Line line) { out.number(line.record.events); }},
  {"session", "hash", "keyed hash of session key and credential; absent when no session key was sent",
   [](Out out, Line line) { out.hash(line.record.session); }},
  {"prefix", "hash",
   "keyed hash of the beginning of the prompt, the same for prompts that begin alike; absent where nobody needs it: a "
   "session is named, and no pool's strategy looks for prompts",
   [](Out out, Line line) { out.hash(line.record.first_chunk); }},
  {"head_us", "us", "first byte of the request to the end of its head",
   [](Out out, Line line) { out.time(line.record.head); }},
  {"body_us", "us", "end of the head to the end of the body, or to the refusal",
   [](Out out, Line line) { out.time(line.record.body); }},
  {"connect_us", "us", "the last handshake with a replica; absent on a connection that was open already",
   [](Out out, Line line) { out.time(line.record.connect); }},
  {"first_byte_us", "us", "whole request to the first byte of the reply's body",
   [](Out out, Line line) { out.time(line.record.first_byte); }},
  {"longest_gap_us", "us", "the longest time between two pieces of the reply's body; absent before the first",
   [](Out out, Line line) { line.record.first_byte < Duration{} ? out.absent() : out.time(line.record.longest_gap); }},
  {"total_us", "us", "first byte of the request to its end: the last byte of the reply given to the connection",
   [](Out out, Line line) { out.time(line.record.total); }},
  {"own_us", "us", "what warmpath added: turns of the shard's loop that moved this request, see below",
   [](Out out, Line line) { out.time(line.record.own); }},
}};
// clang-format on

void describe_letters(std::string& page, std::span<const TerminationLetter> letters, std::string_view heading) {
  page.append("\n").append(heading).append("\n\n| letter | meaning |\n|---|---|\n");
  for (const TerminationLetter& row : letters) {
    page.append("| `").append(1, row.letter).append("` | ").append(row.meaning).append(" |\n");
  }
}

// A request that shows most of what a line can say.
AccessRecord example() {
  AccessRecord record;
  record.client = parse_endpoint("192.0.2.7:50312").value();
  record.session = 0x5bd1e995c3a40f17;
  record.first_chunk = 0x0d61f8370cad1d41;
  record.reply_bytes = 48'211;
  record.head = micros(0);
  record.body = micros(184);
  record.first_byte = micros(212'480);
  record.longest_gap = micros(41'022);
  record.total = millis(3'911);
  record.own = micros(2'140);
  record.request_bytes = 9'412;
  record.prompt_tokens = 2'210;
  record.told_prompt_tokens = 2'187;
  record.told_cached_tokens = 2'048;
  record.told_completion_tokens = 213;
  record.events = 214;
  record.status = 200;
  record.attempts = 1;
  record.decision = Reason::session;
  record.phase = RequestPhase::done;
  record.reused = true;
  record.method.assign("POST");
  record.path.assign("chat_completions");
  record.model.assign("some-model");
  record.pool.assign("default");
  record.replica.assign("10.0.0.3:8000");
  return record;
}

constexpr std::string_view kIntroduction =
    "# Access log\n\n"
    "One line a request, when it is over: `--access-log PATH` (`-` is standard output, `off` is the default) and\n"
    "`--access-log-format json` or `text`. SIGUSR1 opens the file anew, after a rotation; a path that is a\n"
    "symbolic link is refused. Made by `warmpathd --print-access-log` from the table that writes the lines.\n\n"
    "JSON lines are one object each, every field in every line, `null` where there is no value. Text lines are the "
    "same\n"
    "fields in the same order, separated by single spaces, `-` where there is no value. All is printable ASCII: any\n"
    "other byte of a client's text, and in text lines a space in it, is written as `?`.\n\n"
    "No prompt, credential or session key is ever in it. Hashes are 64 bits, keyed with `--hash-key`: without a key "
    "of\n"
    "your own they are those of every other warmpath, and a guess at what was hashed can be checked.\n\n"
    "Shards hand their records to one writer thread through rings of `--access-log-ring` records each. A shard never\n"
    "waits for the writer: what finds no room is counted in `warmpath_access_log_dropped_total`. When the file cannot\n"
    "be written (no space, no directory) the writer says so once, keeps what is in the rings and tries again every\n"
    "second.\n\n"
    "## Fields\n\n| name | value | meaning |\n|---|---|---|\n";

constexpr std::string_view kOwnTime =
    "\n## Own time\n\n"
    "`own_us` and the histogram `warmpath_own_time_seconds` are the sum of the durations of those turns of the "
    "shard's\n"
    "loop that moved the request: in which the client's connection or the replica's had bytes, credit or a deadline "
    "to\n"
    "serve. A turn lasts from the moment that the wait for the kernel returned to the moment that all it produced was\n"
    "given to the transport. What the shard did for others in that turn is in it, for the request was held meanwhile.\n"
    "Not in it: bytes that lay in the kernel before the turn began, and with io_uring the system call that submits "
    "what\n"
    "the turn queued, which is the same one that waits. It costs a second reading of the clock a turn.\n";

}  // namespace

std::string_view word(AccessFormat format) {
  return format == AccessFormat::json ? "json" : "text";
}

void write_access_line(std::string& out, AccessFormat format, const AccessLine& line) {
  FieldWriter writer(out, format);
  for (const AccessField& field : kFields) {
    writer.begin(field.name, &field == kFields.data());
    field.write(writer, line);
  }
  writer.end();
}

std::string access_log_page() {
  std::string page(kIntroduction);
  for (const AccessField& field : kFields) {
    page.append("| `").append(field.name).append("` | ").append(field.kind).append(" | ");
    page.append(field.meaning).append(" |\n");
  }
  page.append("\nTimes are whole microseconds, rounded up; they are as fine as the turns of the loop.\n");
  const AccessRecord record = example();
  constexpr std::int64_t kExampleTime = 1'767'225'600'123'456'789;
  for (const AccessFormat format : {AccessFormat::json, AccessFormat::text}) {
    page.append("\n```\n");
    write_access_line(page, format, {record, 0, kExampleTime});
    page.append("```\n");
  }
  page.append("\n## Termination\n");
  describe_letters(page, enders(), "The first letter says who ended the request:");
  describe_letters(page, phases(), "The second says how far it had come:");
  page.append(
      "\nSo `--` is a request that ended well, `PH` a head that was refused, `CD` a client that left in the\n"
      "middle of its reply, `RS` a replica that could not be reached.\n");
  page.append(kOwnTime);
  return page;
}

}  // namespace wp::control
