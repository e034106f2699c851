// SPDX-License-Identifier: MIT
#include "fs/settings_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "fetch/private_hosts.h"
#include "fetch/rate_slots.h"
#include "fs/setting_key.h"
#include "fs/source_items.h"

namespace omicsfs {
namespace {

using Member = std::pair<std::string, JsonValue>;

constexpr std::string_view kNetworkPrefix = "network.";
constexpr std::string_view kRatesKey = "requests_per_s";
constexpr std::string_view kPrivateHostsKey = "private_hosts";

// Calls `take(member)` for each member of `object` until one fails.
template <typename Take>
Result<void> for_each_member(const JsonValue& object, const Take& take) {
  const auto members = object.members();
  if (!members) {
    return members.error();
  }
  for (const Member& member : *members) {
    if (Result<void> taken = take(member); !taken) {
      return taken;
    }
  }
  return {};
}

Error unknown_key(const JsonValue& value, std::string_view known) {
  return value.error(fmt::format("unknown key; known here: {}", known));
}

// The known keys that begin with `prefix`, less the prefix: "dir, limit".
std::string known_keys(std::string_view prefix) {
  std::string names;
  for (const SettingKey& key : setting_keys()) {
    if (key.name.starts_with(prefix)) {
      names += names.empty() ? "" : ", ";
      names += key.name.substr(prefix.size());
    }
  }
  return names;
}

// A scalar as the text that the key's parser takes: a count is a JSON number,
// a switch true or false, a size a number of bytes or a string with a unit.
Result<std::string> scalar_text(const JsonValue& value, SettingKey::Kind kind) {
  const bool as_text = kind == SettingKey::Kind::kText ||
                       (kind == SettingKey::Kind::kSize && value.is_string());
  if (as_text) {
    return value.as_string();
  }
  if (kind == SettingKey::Kind::kSwitch) {
    const auto on = value.as_bool();
    return on ? Result<std::string>(*on ? "true" : "false") : on.error();
  }
  const auto number = value.as_size();
  if (!number) {
    return number.error();
  }
  return std::to_string(*number);
}

// The strings of an array, each of which `accept` must take.
template <typename Accept>
Result<std::vector<std::string>> string_list(const JsonValue& array,
                                             const Accept& accept) {
  const auto elements = array.elements();
  if (!elements) {
    return elements.error();
  }
  std::vector<std::string> strings;
  for (const JsonValue& element : *elements) {
    auto text = element.as_string();
    if (!text) {
      return text.error();
    }
    if (const auto accepted = accept(*text); !accepted) {
      return element.error(accepted.error().message);
    }
    strings.push_back(*std::move(text));
  }
  return strings;
}

// The readers of a source's settings. `home` is the user's directory.

// A document: a url, or the path of a file.
Result<void> read_place(const JsonValue& value, std::string_view home,
                        std::string& setting) {
  const auto text = value.as_string();
  if (!text) {
    return text.error();
  }
  auto place = catalogue_place(*text, home);
  if (!place) {
    return value.error(place.error().message);
  }
  setting = *std::move(place);
  return {};
}

Result<void> read_listing(const JsonValue& value, std::string_view home,
                          SourceSettings& settings) {
  return read_place(value, home, settings.listing);
}

Result<void> read_columns(const JsonValue& value, std::string_view home,
                          SourceSettings& settings) {
  return read_place(value, home, settings.columns);
}

// One string, or an array of them.
Result<void> read_catalogue(const JsonValue& value, std::string_view home,
                            SourceSettings& settings) {
  const auto elements =
      value.is_string()
          ? Result<std::vector<JsonValue>>(std::vector<JsonValue>{value})
          : value.elements();
  if (!elements) {
    return elements.error();
  }
  settings.catalogue.clear();
  for (const JsonValue& element : *elements) {
    if (auto read =
            read_place(element, home, settings.catalogue.emplace_back());
        !read) {
      return read;
    }
  }
  return {};
}

Result<void> read_source_url(const JsonValue& value, std::string_view /*home*/,
                             SourceSettings& settings) {
  const auto text = value.as_string();
  if (!text) {
    return text.error();
  }
  auto url = parse_base_url(*text);
  if (!url) {
    return value.error(url.error().message);
  }
  settings.base_url = *std::move(url);
  return {};
}

Result<void> read_archived(const JsonValue& value, std::string_view /*home*/,
                           SourceSettings& settings) {
  const auto archived = value.as_bool();
  settings.archived = archived && *archived;
  return archived ? Result<void>() : archived.error();
}

Result<void> read_names(const JsonValue& value,
                        std::vector<std::string>& setting) {
  auto names = string_list(value, check_entry_name);
  if (!names) {
    return names.error();
  }
  setting = *std::move(names);
  return {};
}

Result<void> read_datasets(const JsonValue& value, std::string_view /*home*/,
                           SourceSettings& settings) {
  return read_names(value, settings.datasets);
}

Result<void> read_releases(const JsonValue& value, std::string_view /*home*/,
                           SourceSettings& settings) {
  return read_names(value, settings.releases);
}

Result<void> read_archives(const JsonValue& value, std::string_view /*home*/,
                           SourceSettings& settings) {
  auto archives = parse_archive_items(value);
  if (!archives) {
    return archives.error();
  }
  settings.archives = *std::move(archives);
  return {};
}

Result<void> read_patient(const JsonValue& value, std::string_view /*home*/,
                          SourceSettings& settings) {
  const auto patient = value.as_bool();
  if (!patient) {
    return patient.error();
  }
  settings.patient = *patient;
  return {};
}

struct SourceMember {
  std::string_view key;
  bool (*of)(const SourceKind& source);  // whether the source has it
  Result<void> (*read)(const JsonValue& value, std::string_view home,
                       SourceSettings& settings);
};

bool has_default_catalogue(const SourceKind& source) {
  return !source.default_catalogue.empty();
}

constexpr std::array<SourceMember, 9> kSourceMembers = {{
    {"base_url", [](const SourceKind& /*source*/) { return true; },
     read_source_url},
    {"catalogue",
     [](const SourceKind& source) { return source.has_catalogue(); },
     read_catalogue},
    {"archived", has_default_catalogue, read_archived},
    {"datasets", has_default_catalogue, read_datasets},
    {"listing", [](const SourceKind& source) { return source.of_listing; },
     read_listing},
    {"columns", [](const SourceKind& source) { return source.of_columns; },
     read_columns},
    {"releases",
     [](const SourceKind& source) {
       return !source.has_catalogue() && !source.of_listing;
     },
     read_releases},
    {"archives", [](const SourceKind& source) { return source.of_archives; },
     read_archives},
    {"patient", [](const SourceKind& /*source*/) { return true; },
     read_patient},
}};

Result<void> read_source_member(const SourceKind& source, const Member& member,
                                std::string_view home,
                                SourceSettings& settings) {
  const auto& [key, value] = member;
  std::string known;
  for (const SourceMember& one : kSourceMembers) {
    if (!one.of(source)) {
      continue;
    }
    if (one.key == key) {
      return one.read(value, home, settings);
    }
    known.append(known.empty() ? "" : ", ").append(one.key);
  }
  return unknown_key(value, known);
}

class SettingsReader {
 public:
  SettingsReader(std::string_view home, Settings& settings)
      : home_(home), settings_(settings) {}

  Result<void> read(const JsonValue& document);

 private:
  Result<void> read_top(const Member& member);
  Result<void> read_scalar(std::string_view prefix, const Member& member);
  Result<void> read_group(const std::string& prefix, const JsonValue& group);
  Result<void> read_network(const Member& member);
  Result<void> read_rate(const Member& member);
  Result<void> read_private_hosts(const JsonValue& value);
  Result<void> read_token(const Member& member);
  Result<void> read_mirror(const Member& member);
  Result<void> read_source(const Member& member);

  std::string_view home_;
  Settings& settings_;
};

Result<void> SettingsReader::read(const JsonValue& document) {
  return for_each_member(
      document, [this](const Member& member) { return read_top(member); });
}

Result<void> SettingsReader::read_top(const Member& member) {
  const auto& [key, value] = member;
  const bool is_grouped = key.find('.') != std::string::npos;
  if (!is_grouped && find_setting_key(key) != nullptr) {
    return read_scalar("", member);
  }
  if (key == "cache") {
    return read_group("cache.", value);
  }
  if (key == "endpoints") {
    return read_group("endpoints.", value);
  }
  if (key == "network") {
    return for_each_member(
        value, [this](const Member& setting) { return read_network(setting); });
  }
  if (key == "tokens") {
    return for_each_member(
        value, [this](const Member& token) { return read_token(token); });
  }
  if (key == "mirrors") {
    return for_each_member(
        value, [this](const Member& rule) { return read_mirror(rule); });
  }
  if (key == "sources") {
    return for_each_member(
        value, [this](const Member& source) { return read_source(source); });
  }
  return unknown_key(
      value,
      "state_dir, cache, network, passthrough, members, endpoints, tokens, "
      "mirrors, sources");
}

Result<void> SettingsReader::read_group(const std::string& prefix,
                                        const JsonValue& group) {
  return for_each_member(
      group, [&](const Member& member) { return read_scalar(prefix, member); });
}

Result<void> SettingsReader::read_scalar(std::string_view prefix,
                                         const Member& member) {
  const auto& [name, value] = member;
  const SettingKey* key = find_setting_key(std::string(prefix) + name);
  if (key == nullptr) {
    const bool of_network = prefix == kNetworkPrefix;
    return unknown_key(
        value,
        known_keys(prefix) +
            (of_network ? fmt::format(", {}, {}", kRatesKey, kPrivateHostsKey)
                        : ""));
  }
  const auto text = scalar_text(value, key->kind);
  if (!text) {
    return text.error();
  }
  const auto set = key->set(settings_, *text, home_);
  return set ? Result<void>() : value.error(set.error().message);
}

Result<void> SettingsReader::read_network(const Member& member) {
  const auto& [name, value] = member;
  if (name == kRatesKey) {
    return for_each_member(
        value, [this](const Member& rate) { return read_rate(rate); });
  }
  if (name == kPrivateHostsKey) {
    return read_private_hosts(value);
  }
  return read_scalar(kNetworkPrefix, member);
}

Result<void> SettingsReader::read_private_hosts(const JsonValue& value) {
  std::vector<std::string> hosts;
  const auto read = string_list(value, [&hosts](const std::string& text) {
    auto host = parse_private_host(text);
    if (!host) {
      return Result<void>(host.error());
    }
    hosts.push_back(*std::move(host));
    return Result<void>();
  });
  if (!read) {
    return read.error();
  }
  settings_.network.private_hosts = std::move(hosts);
  return {};
}

Result<void> SettingsReader::read_rate(const Member& member) {
  const JsonValue& value = member.second;
  auto name = RateRules::rule_name(member.first);
  if (!name) {
    return value.error(name.error().message);
  }
  const auto per_second = value.as_size();
  if (!per_second) {
    return per_second.error();
  }
  if (*per_second > kMostPlaces) {
    return value.error(fmt::format("{} is over {}", *per_second, kMostPlaces));
  }
  settings_.network.requests_per_s[*std::move(name)] =
      static_cast<int>(*per_second);
  return {};
}

Result<void> SettingsReader::read_token(const Member& member) {
  auto rule = parse_token_rule(member.first, member.second);
  if (!rule) {
    return rule.error();
  }
  settings_.tokens[member.first] = *std::move(rule);
  return {};
}

// A prefix is used letter by letter, so it is not brought into another form.
Result<void> check_url_prefix(std::string_view prefix) {
  const auto url = parse_base_url(prefix);
  return url ? Result<void>() : url.error();
}

Result<void> SettingsReader::read_mirror(const Member& member) {
  const std::string& prefix = member.first;
  const JsonValue& value = member.second;
  if (const auto checked = check_url_prefix(prefix); !checked) {
    return value.error(checked.error().message);
  }
  auto others = string_list(value, check_url_prefix);
  if (!others) {
    return others.error();
  }
  auto& rules = settings_.mirrors;
  const auto known = std::find_if(
      rules.begin(), rules.end(),
      [&](const Mirrors::Rule& rule) { return rule.first == prefix; });
  if (known != rules.end()) {
    known->second = *std::move(others);
  } else {
    rules.emplace_back(prefix, *std::move(others));
  }
  return {};
}

Result<void> SettingsReader::read_source(const Member& member) {
  const auto& [name, value] = member;
  const auto kind = find_source(name);
  if (!kind) {
    return value.error(kind.error().message);
  }
  SourceSettings& source = settings_.sources[name];
  return for_each_member(value, [&](const Member& setting) {
    return read_source_member(**kind, setting, home_, source);
  });
}

}  // namespace

Result<void> apply_settings_json(std::string_view text, std::string_view home,
                                 Settings& settings) {
  const auto document = JsonValue::parse(text);
  if (!document) {
    return document.error();
  }
  return SettingsReader(home, settings).read(*document);
}

}  // namespace omicsfs
