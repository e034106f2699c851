// SPDX-License-Identifier: MIT
#include "fetch/index_charges.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <vector>

namespace omicsfs {
namespace {

// Free for us on the disk of `dir`; 0 where that is not known.
std::uint64_t disk_free(const std::filesystem::path& dir) {
  struct statvfs facts {};
  return ::statvfs(dir.c_str(), &facts) == 0 ? facts.f_bavail * facts.f_frsize
                                             : 0;
}

Result<std::vector<std::int64_t>> owners_but(IndexConnection& connection,
                                             std::int64_t owner) {
  auto rows = connection.owners.rows({owner});
  std::vector<std::int64_t> owners;
  for (;;) {
    auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return owners;
    }
    owners.push_back(rows.integer(0));
  }
}

Result<std::vector<ChargedFile>> files_of(IndexConnection& connection,
                                          std::int64_t owner) {
  auto rows = connection.owned.rows({owner});
  std::vector<ChargedFile> files;
  for (;;) {
    auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return files;
    }
    files.push_back(
        {std::string(rows.text(0)), unsigned64(rows.integer(1)), 0});
  }
}

}  // namespace

Result<IndexShares> IndexCharges::shares() {
  auto rows = connection_.shares.rows();
  if (auto stepped = rows.step(); !stepped) {
    return stepped.error();
  }
  return IndexShares{unsigned64(rows.integer(0)), unsigned64(rows.integer(1)),
                     unsigned64(rows.integer(2))};
}

// All that is granted counts as not yet written: a part may be, and is then
// counted twice until it is settled.
Result<std::uint64_t> IndexCharges::lacking(const CacheLimits& limits,
                                            std::uint64_t asked) {
  const auto now = shares();
  if (!now) {
    return now.error();
  }
  const std::uint64_t free = disk_free(dir_);
  return deficit({limits.limit, now->on_disk + now->granted, limits.keep_free,
                  free - std::min(free, now->granted)},
                 asked);
}

Result<std::uint64_t> IndexCharges::grant(std::int64_t owner,
                                          const std::string& key,
                                          std::uint64_t asked,
                                          const CacheLimits& limits) {
  if (asked == 0) {
    return std::uint64_t{0};
  }
  auto lack = lacking(limits, asked);
  if (!lack || *lack > 0) {
    return lack;
  }
  if (auto granted = connection_.grant.run({owner, key, signed64(asked)});
      !granted) {
    return granted.error();
  }
  return lack;
}

Result<std::uint64_t> IndexCharges::change(std::int64_t owner,
                                           const ChargedFile& file,
                                           const GrantChange& change,
                                           const CacheLimits& limits) {
  if (auto returned =
          connection_.grant.run({owner, file.key, -signed64(change.returned)});
      !returned) {
    return returned.error();
  }
  if (auto settled = settle_file(connection_, dir_, file); !settled) {
    return settled.error();
  }
  auto lack = grant(owner, file.key, change.asked, limits);
  if (!lack) {
    return lack;
  }
  if (auto dropped = connection_.drop_empty_grants.run({owner, file.key});
      !dropped) {
    return dropped.error();
  }
  if (auto dropped = connection_.drop_empty_files.run({file.key}); !dropped) {
    return dropped.error();
  }
  return lack;
}

Result<std::uint64_t> IndexCharges::forget(const std::string& key) {
  if (auto disowned = connection_.disown.run({key}); !disowned) {
    return disowned.error();
  }
  auto left = settle_file(connection_, dir_, {key, 0, 0});
  if (!left) {
    return left;
  }
  if (auto dropped = connection_.drop_empty_files.run({key}); !dropped) {
    return dropped.error();
  }
  return left;
}

Result<void> IndexCharges::settle_for_the_dead(const ProcessMark& mark) {
  const auto owners = owners_but(connection_, mark.number());
  if (!owners) {
    return owners.error();
  }
  for (const std::int64_t owner : *owners) {
    if (mark.lives(owner)) {
      continue;
    }
    if (auto buried = bury(owner); !buried) {
      return buried;
    }
  }
  return {};
}

Result<void> IndexCharges::bury(std::int64_t owner) {
  const auto files = files_of(connection_, owner);
  if (!files) {
    return files.error();
  }
  if (auto dropped = connection_.drop_owner.run({owner}); !dropped) {
    return dropped;
  }
  for (const ChargedFile& file : *files) {
    if (auto settled = settle_file(connection_, dir_, file); !settled) {
      return settled.error();
    }
    if (auto dropped = connection_.drop_empty_files.run({file.key}); !dropped) {
      return dropped;
    }
  }
  return {};
}

}  // namespace omicsfs
