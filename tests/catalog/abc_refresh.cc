// SPDX-License-Identifier: MIT
#include "tests/catalog/abc_refresh.h"

#include <gtest/gtest.h>

#include "catalog/s3_listing.h"
#include "catalog/sources/abc_atlas.h"

namespace omicsfs {

void AbcRefresh::publish(const std::string& release,
                         const std::string& manifest) {
  const std::string key = "releases/" + release + "/manifest.json";
  web.documents["https://origin/" + key] = manifest;
  published_.push_back(key);
}

void AbcRefresh::list_all() {
  std::string xml = "<ListBucketResult><IsTruncated>false</IsTruncated>";
  for (const std::string& key : published_) {
    xml += "<Contents><Key>" + key + "</Key><Size>1</Size></Contents>";
  }
  web.documents[s3_page_url("https://origin/", "releases/", "")] =
      xml + "</ListBucketResult>";
}

Result<SourceSummary> AbcRefresh::run() {
  const Download download = web.download();
  SourceInput input{
      settings,
      download,
      {},
      [this](std::string message) { warnings.push_back(std::move(message)); },
      kNow};
  input.allow_empty = allow_empty;
  return refresh_source(kAbcAtlas, input, state_dir());
}

std::shared_ptr<const Snapshot> AbcRefresh::snapshot() {
  const auto path = current_snapshot(state_dir(), "abc-atlas");
  EXPECT_TRUE(path) << path.error().message;
  const auto opened = Snapshot::open(*path);
  EXPECT_TRUE(opened) << opened.error().message;
  return *opened;
}

}  // namespace omicsfs
