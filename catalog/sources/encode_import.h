// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "catalog/external_sort.h"
#include "catalog/source.h"
#include "catalog/sources/encode_fields.h"

namespace omicsfs {

// Rows, files or datasets between two calls of encode_go_on.
inline constexpr std::uint64_t kEncodeProgressStep = 512;

// Tells how far the refresh is. Errors: kInterrupted, it is to end.
Result<void> encode_go_on(const SourceInput& input, std::string_view what,
                          std::uint64_t done);

// Brings together what the documents of a catalogue tell of each file. The
// first document that tells a value wins. Values that follow from others are
// derived only once all documents are read: so nothing that is derived hides
// what a later document tells. Thread-compatible.
class EncodeImport {
 public:
  // `portal` is the portal's url, with a slash at the end. `input` must outlive
  // it.
  EncodeImport(const SourceInput& input, std::string portal);
  EncodeImport(const EncodeImport&) = delete;
  EncodeImport& operator=(const EncodeImport&) = delete;

  // Reads the document at `place`, an http(s) or s3:// url or the absolute path
  // of a file, and the table that a files.txt names. A search that finds
  // nothing is a document without rows. Errors: those of the document;
  // kInvalid, it is no catalogue, or over one in a hundred of its rows tell of
  // no file. Returns how many files it tells of.
  Result<std::uint64_t> read(const std::string& place);
  // As read(), of a document without which the catalogue is right, too: on an
  // error nothing is taken from it. Errors: likewise; kUnavailable, it
  // is not the whole answer of a search, or tells of no file, or no file's
  // assay.
  Result<void> read_further(const std::string& place);

  // Gives each file to `take`, in order of their ids. Call it once, last.
  Result<void> drain(const std::function<Result<void>(EncodeFile&)>& take);

 private:
  struct Rows {  // of one document
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
    std::uint64_t with_assay = 0;
    bool is_search = false;  // it has all that a search found
    std::string table;       // the metadata.tsv that it names, or ""
  };
  Result<Rows> read_document(const std::string& place);
  // Why it is not the portal's whole answer; "" = it is.
  static std::string_view what_it_lacks(const Rows& rows);
  Result<void> read_table(const std::string& named, const std::string& place);
  Result<void> check(const Rows& rows, const std::string& place) const;
  Result<void> take(EncodeFile& file, const std::string& where, Rows& rows);
  void bad(const std::string& where, const std::string& why, Rows& rows) const;

  const SourceInput& input_;
  const std::string portal_;
  ExternalSort rows_;
  std::uint32_t documents_ = 0;      // read so far, or begun
  std::set<std::uint32_t> dropped_;  // those whose rows do not count
  std::string packed_;               // kept for its memory
};

}  // namespace omicsfs
