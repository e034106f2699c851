// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "catalog/endpoints.h"
#include "catalog/result.h"
#include "catalog/source.h"

namespace omicsfs {

// Whether `place` names a bucket or a repository and no document: it begins
// with s3:// or hf://. Pure.
[[nodiscard]] bool is_collection(std::string_view place);

// Where the list of what `place` holds is read. Pure.
// - s3://BUCKET[/FOLDER]: the listing of that public bucket below the folder
//   (Amazon S3 API Reference, ListObjectsV2);
// - hf://[datasets/|models/|spaces/]OWNER/NAME[@REVISION]: the tree of that
//   repository of the Hugging Face Hub, of "main" where no revision is told; a
//   model where no kind is told;
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
