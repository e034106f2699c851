// SPDX-License-Identifier: MIT
#include "catalog/directory_index.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "catalog/ascii_case.h"
#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

// Where `what`, in lower case, stands in `text` in any case, from `from` on.
std::size_t find_in_any_case(std::string_view text, std::string_view what,
                             std::size_t from) {
  const auto* const found = std::search(
      text.begin() + std::min(from, text.size()), text.end(), what.begin(),
      what.end(), [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

// The characters that servers write as entities (HTML 13.1.4) in a link.
std::string without_entities(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 7> kEntities = {
      {{"&amp;", '&'},
       {"&lt;", '<'},
       {"&gt;", '>'},
       {"&quot;", '"'},
       {"&apos;", '\''},
       {"&#39;", '\''},
       {"&#x27;", '\''}}};
  std::string out;
  while (!text.empty()) {
    const auto* const entity = std::find_if(
        kEntities.begin(), kEntities.end(),
        [&](const auto& one) { return text.starts_with(one.first); });
    const bool found = entity != kEntities.end();
    out += found ? entity->second : text.front();
    text.remove_prefix(found ? entity->first.size() : 1);
  }
  return out;
}

// A link of the page: where it leads, and the text from its end to the next
// one or to the end of its line or row.
struct Link {
  std::string href;
  std::string_view after;
};

// The value of the tag's attribute href, quoted or not; "" = none.
std::string_view href_of(std::string_view tag) {
  const std::size_t at = find_in_any_case(tag, "href=", 0);
  if (at == std::string_view::npos) {
    return "";
  }
  std::string_view value = tag.substr(at + 5);
  if (value.starts_with('"') || value.starts_with('\'')) {
    const std::size_t end = value.find(value.front(), 1);
    return end == std::string_view::npos ? "" : value.substr(1, end - 1);
  }
  return value.substr(0, value.find_first_of(kBlank));
}

// Takes the next link out of the page from `at` on; none at its end.
std::optional<Link> next_link(std::string_view html, std::size_t& at) {
  const std::size_t begin = find_in_any_case(html, "<a ", at);
  const std::size_t tag_end = html.find('>', std::min(begin, html.size()));
  if (tag_end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t next =
      std::min(find_in_any_case(html, "<a ", tag_end), html.size());
  const std::string_view text = html.substr(tag_end + 1, next - tag_end - 1);
  const std::size_t close = find_in_any_case(text, "</a>", 0);
  std::string_view after =
      close == std::string_view::npos ? "" : text.substr(close + 4);
  after = after.substr(0, after.find('\n'));
  at = next;
  return Link{without_entities(href_of(html.substr(begin, tag_end - begin))),
              after};
}

// The words of `html` between its tags.
std::vector<std::string_view> words_of(std::string_view html) {
  std::vector<std::string_view> words;
  while (!html.empty()) {
    const bool tag = html.front() == '<';
    const std::size_t end =
        tag ? html.find('>') : html.find_first_of("< \t\r&");
    if (!tag && end != 0) {
      words.push_back(html.substr(0, end));
    }
    if (end == std::string_view::npos) {
      break;
    }
    html.remove_prefix(tag || end == 0 ? end + 1 : end);
  }
  return words;
}

std::optional<unsigned> whole_number(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && text.size() <= 4
             ? std::optional(value)
             : std::nullopt;
}

std::optional<unsigned> month_of(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun",
      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text);
  return month == kMonths.end()
             ? whole_number(text)
             : std::optional(static_cast<unsigned>(month - kMonths.begin()) +
                             1);
}

// "20-Nov-2026", "2026-11-20" or "2026-Nov-20".
std::optional<std::chrono::sys_days> date_of_index(std::string_view text) {
  const std::size_t first = text.find('-');
  const std::size_t second = text.find('-', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view year = text.substr(0, first);
  std::string_view day = text.substr(second + 1);
  if (day.size() == 4) {
    std::swap(year, day);
  }
  const auto year_number = whole_number(year);
  const auto month = month_of(text.substr(first + 1, second - first - 1));
  const auto day_number = whole_number(day);
  if (!year_number || !month || !day_number || year.size() != 4) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(
      std::chrono::year(static_cast<int>(*year_number)),
      std::chrono::month(*month), std::chrono::day(*day_number));
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

// "10:04" or "10:04:59".
std::optional<std::chrono::seconds> time_of_index(std::string_view text) {
  const bool formed =
      (text.size() == 5 || (text.size() == 8 && text[5] == ':')) &&
      text[2] == ':';
  if (!formed) {
    return std::nullopt;
  }
  const auto hour = whole_number(text.substr(0, 2));
  const auto minute = whole_number(text.substr(3, 2));
  const auto second =
      text.size() == 8 ? whole_number(text.substr(6)) : std::optional(0U);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 ||
      *second > 60) {
    return std::nullopt;
  }
  return std::chrono::seconds((*hour * 60 + *minute) * 60 + *second);
}

std::optional<std::uint64_t> exact_size(std::string_view text) {
  std::int64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  const bool whole = error == std::errc() && stop == end && size >= 0 &&
                     !text.starts_with('-');
  return whole ? std::optional(static_cast<std::uint64_t>(size)) : std::nullopt;
}

// What stands behind a link: its date, its time and its size, if at all.
void read_facts(std::string_view after, IndexEntry& entry) {
  const std::vector<std::string_view> words = words_of(after);
  for (std::size_t index = 0; index + 1 < words.size(); ++index) {
    const auto date = date_of_index(words[index]);
    const auto time = time_of_index(words[index + 1]);
    if (date && time) {
      entry.modified =
          std::chrono::seconds(date->time_since_epoch() + *time).count();
      if (index + 2 < words.size() && !entry.is_directory) {
        entry.size = exact_size(words[index + 2]);
      }
      return;
    }
  }
}

// The name just below the page that the link leads to, still encoded and with
// the '/' of a directory; "" where it leads elsewhere.
std::string_view below_page(std::string_view href) {
  // Without "./" a ':' would end a scheme (RFC 3986 4.2).
  const bool dotted = href.starts_with("./");
  href.remove_prefix(dotted ? 2 : 0);
  const std::size_t slash = href.find('/');
  const bool below =
      href != "." && href != ".." && href != "../" && slash != 0 &&
      href.find_first_of(dotted ? "?#" : "?#:") == std::string_view::npos &&
      (slash == std::string_view::npos || slash == href.size() - 1);
  return below ? href : "";
}

Result<IndexEntry> entry_of(const Link& link, std::string_view href) {
  IndexEntry entry;
  entry.is_directory = href.ends_with('/');
  href.remove_suffix(entry.is_directory ? 1 : 0);
  auto name = percent_decode(href, PlusSign::kItself);
  if (!name || !check_entry_name(*name)) {
    return Error{ErrorCode::kInvalid, "the directory index links to " +
                                          omicsfs::quoted(href) +
                                          ", which is no name of a file"};
  }
  entry.name = *std::move(name);
  read_facts(link.after, entry);
  return entry;
}

}  // namespace

Result<std::vector<IndexEntry>> parse_directory_index(
    std::string_view html, const OnEntryFault& on_fault) {
  std::vector<IndexEntry> entries;
  bool any = false;
  std::size_t at = 0;
  while (const auto link = next_link(html, at)) {
    any = true;
    const std::string_view href = below_page(link->href);
    if (href.empty()) {
      continue;
    }
    auto entry = entry_of(*link, href);
    if (!entry) {
      if (on_fault) {
        on_fault({omicsfs::quoted(href), entry.error().message});
      }
      continue;
    }
    // An icon before the name may be a link of its own.
    if (!entries.empty() && entries.back().name == entry->name) {
      entries.pop_back();
    }
    entries.push_back(*std::move(entry));
  }
  return any ? Result<std::vector<IndexEntry>>(std::move(entries))
             : Error{ErrorCode::kInvalid,
                     "the page has no links, so it is no directory index"};
}

}  // namespace omicsfs
