// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "catalog/source.h"

namespace omicsfs {

// Archives as a source sees them: by place, their members and those' bytes.
class FakeArchives {
 public:
  // Makes the archive at `place`; a name that ends in '/' is a directory.
  void add(const std::string& place,
           const std::vector<std::pair<std::string, std::string>>& members) {
    Archive& archive = archives_[place];
    for (const auto& [name, bytes] : members) {
      ArchiveMember member;
      member.name = name;
      member.size = bytes.size();
      member.compressed_size = bytes.size();
      member.header_offset = archive.members.size();
      member.mtime = 1726755280;
      archive.members.push_back(member);
      archive.bytes.push_back(bytes);
    }
  }
  // Makes a file at `place` that is no archive.
  void add_file(const std::string& place, const std::string& bytes) {
    files_[place] = bytes;
  }
  // From now on the server has something else at `place`, of `size` bytes, that
  // is no archive. The bytes of what was there can still be read.
  void replace(const std::string& place, std::uint64_t size) {
    replaced_[place] = size;
  }
  // What is asked of `place` fails from now on; of "read <place>" its
  // bytes, and of "locate <place>" the question where it is.
  void fail(const std::string& place, Error error) {
    failures_.insert_or_assign(place, std::move(error));
  }

  // REQUIRES: this outlives it.
  [[nodiscard]] ArchiveAccess access() {
    return {[this](const std::string& place) { return locate(place); },
            [this](const RemoteFile& file) { return list(file); },
            [this](const RemoteFile& file, std::uint64_t offset,
                   std::span<char> out) { return read(file, offset, out); }};
  }

 private:
  struct Archive {
    ArchiveMembers members;
    std::vector<std::string> bytes;
  };

  Result<RemoteFile> locate(const std::string& place) {
    for (const std::string& what : {place, "locate " + place}) {
      const auto failure = failures_.find(what);
      if (failure != failures_.end()) {
        return failure->second;
      }
    }
    if (!archives_.contains(place)) {
      return Error{ErrorCode::kNotFound, "no " + place};
    }
    RemoteFile file;
    file.urls = {place};
    const auto other = replaced_.find(place);
    file.size = other != replaced_.end() ? other->second : 1'000'000;
    return file;
  }
  Result<ArchiveMembers> list(const RemoteFile& file) {
    const std::string& place = file.urls.front();
    const auto failure = failures_.find(place);
    if (failure != failures_.end()) {
      return failure->second;
    }
    const auto archive = archives_.find(place);
    const auto other = replaced_.find(place);
    const bool is_other =
        other != replaced_.end() && other->second == file.size;
    return archive != archives_.end() && !is_other
               ? Result<ArchiveMembers>(archive->second.members)
               : Error{ErrorCode::kInvalid, "no zip archive"};
  }
  Result<void> read(const RemoteFile& file, std::uint64_t offset,
                    std::span<char> out) {
    const std::string& place =
        (file.member ? *file.member->archive : file).urls.front();
    const auto failure = failures_.find("read " + place);
    if (failure != failures_.end()) {
      return failure->second;
    }
    const std::string& bytes =
        file.member ? archives_.at(place).bytes[file.member->header_offset]
                    : files_.at(place);
    if (offset + out.size() > bytes.size()) {
      return Error{ErrorCode::kChanged, "it ends before that"};
    }
    std::memcpy(out.data(), bytes.data() + offset, out.size());
    return {};
  }

  std::map<std::string, Archive> archives_;
  std::map<std::string, std::string> files_;
  std::map<std::string, std::uint64_t> replaced_;  // sizes, by place
  std::map<std::string, Error> failures_;
};

}  // namespace omicsfs
