// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <span>

#include "catalog/entry_name.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/tsv_reader.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::string_view kGdcData = "https://api.gdc.cancer.gov/data/";

using Header = std::vector<std::string>;

// A row by the names of its columns; "" of one that is not there.
class Row {
 public:
  Row(const Header& header, std::span<const std::string_view> cells)
      : header_(header), cells_(cells) {}

  [[nodiscard]] std::string_view get(std::string_view column) const {
    const auto found = std::find(header_.begin(), header_.end(), column);
    const auto index = static_cast<std::size_t>(found - header_.begin());
    return index < std::min(cells_.size(), header_.size()) ? cells_[index] : "";
  }

 private:
  const Header& header_;
  std::span<const std::string_view> cells_;
};

// IGS: urls of several protocols with commas between them, of which ours are
// taken.
Result<void> read_urls_cell(ManifestEntry& entry, std::string_view urls,
                            const Endpoints& endpoints) {
  std::string_view rest = urls;
  while (!rest.empty()) {
    const std::string_view url = rest.substr(0, rest.find(','));
    if (web_url(url)) {
      if (auto added = add_url(entry, url, endpoints); !added) {
        return added;
      }
    }
    rest.remove_prefix(std::min(url.size() + 1, rest.size()));
  }
  return entry.urls.empty() ? Error{ErrorCode::kInvalid,
                                    omicsfs::quoted(urls) +
                                        " has no url of http, https, s3 or gs"}
                            : Result<void>();
}

// A file stands in a directory of its id, as GDC's own client puts it: names
// come again.
Result<void> read_manifest_row(ManifestEntry& entry, const Row& row,
                               const ManifestBase& base) {
  const std::string id(row.get("id"));
  if (auto named = check_entry_name(id); !named) {
    return named.error().within("id");
  }
  if (!row.get("size").empty()) {
    const auto size = parse_manifest_size(row.get("size"));
    if (!size) {
      return size.error();
    }
    entry.size = *size;
  }
  if (!row.get("md5").empty()) {
    if (auto added = add_digest(entry, "md5", row.get("md5")); !added) {
      return added;
    }
  }
  const std::string_view name = row.get("filename");
  if (row.get("urls").empty() && !name.empty()) {
    entry.path = id + "/" + std::string(name);
    return add_url(entry, base.folder + id, {});
  }
  if (auto read = read_urls_cell(entry, row.get("urls"), base.endpoints);
      !read) {
    return read;
  }
  entry.is_named_by_url = name.empty();
  entry.path =
      id + "/" +
      (name.empty() ? name_of_url(entry.urls.front()) : std::string(name));
  return {};
}

}  // namespace

Result<void> read_table_manifest(const ManifestText& text,
                                 const ManifestEvents& events) {
  const ManifestBase base{text.base.empty() ? std::string(kGdcData) : text.base,
                          text.endpoints};
  TsvReader table(text.read);
  auto more = table.next();
  if (!more || !*more) {
    return more ? Error{ErrorCode::kInvalid, "it has no header"} : more.error();
  }
  const Header header(table.cells().begin(), table.cells().end());
  for (more = table.next(); more && *more; more = table.next()) {
    ManifestEntry entry;
    const auto read =
        read_manifest_row(entry, Row(header, table.cells()), base);
    auto given =
        give_entry(events, entry, "line " + std::to_string(table.line()), read);
    if (!given) {
      return given;
    }
  }
  return more ? Result<void>() : more.error();
}

}  // namespace omicsfs
