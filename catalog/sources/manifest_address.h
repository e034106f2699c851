// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "catalog/endpoints.h"
#include "catalog/result.h"
#include "catalog/source.h"

namespace omicsfs {

// A repository of the Hugging Face Hub, or a folder of it.
struct HubPlace {
  std::string kind;        // "datasets", "models" or "spaces"
  std::string repository;  // "OWNER/NAME", or "NAME" of one without an owner
  std::string revision;    // a branch, a tag, a commit or "refs/…"
  std::string folder;      // "a/b"; "" = the whole repository

  bool operator==(const HubPlace&) const = default;
};

// Reads hf://[datasets/|models/|spaces/][OWNER/]NAME[@REVISION][/FOLDER] as the
// Hub's own file system does (huggingface_hub, HfFileSystem.resolve_path): a
// model where no kind is told, "main" where no revision is. A revision that has
// a slash is written as refs/convert/… or refs/pr/…, or with %2F. Two names
// without an '@' between them are an owner and a name: a folder of a repository
// without an owner needs the revision. Pure. Errors: kInvalid, it is none.
Result<HubPlace> parse_hub_place(std::string_view place);

// Whether `place` names a bucket or a repository and no document: it begins
// with s3:// or hf://. Pure.
[[nodiscard]] bool is_collection(std::string_view place);

// Where the list of what `place` holds is read. Pure.
// - s3://BUCKET[/FOLDER]: the listing of that public bucket below the folder
//   (Amazon S3 API Reference, ListObjectsV2);
// - hf://[datasets/|models/|spaces/][OWNER/]NAME[@REVISION][/FOLDER]: the tree
//   of that repository of the Hugging Face Hub (parse_hub_place);
// - any other is what it is.
// The bucket and the repository are where `endpoints` says.
// Errors: kInvalid, it begins as the first two and goes on otherwise.
Result<std::string> manifest_address(std::string_view place,
                                     const Endpoints& endpoints = {});

// The tree at `address`, of the commit that its revision means now, as the
// Hub's answer to /api/<kind>/<owner>/<name>/revision/<revision> tells it:
// what is listed then cannot change. An address of no such tree is what it is,
// as is one whose server knows no such answer. Errors: those of `download` but
// kNotFound; kInvalid, the answer names no commit.
Result<std::string> pinned_address(const std::string& address,
                                   const Download& download);

}  // namespace omicsfs
