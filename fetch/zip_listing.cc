// SPDX-License-Identifier: MIT
#include "fetch/zip_listing.h"

#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/zip_local_header.h"
#include "fetch/zip_prefix.h"

namespace omicsfs {
namespace {

// libzip asks for an entry of the directory at a time.
constexpr std::uint64_t kWindowBytes = 4 * kBlockBytes;
// Targets of links are read one by one, from wherever they lie: so many at
// most, of so many bytes at most (PATH_MAX), each with the block around it.
constexpr std::uint64_t kLinkWindowBytes = kBlockBytes;
constexpr std::size_t kMostLinks = 4096;
constexpr std::uint64_t kMostTargetBytes = 4095;
// A directory of ten million entries; libzip holds it in memory.
constexpr std::uint64_t kMaxListingBytes = std::uint64_t{1} << 30;

// An archive as libzip reads it. Once the directory is known, `probing`, it is
// to say where each member's local header lies: it is let open the member, sees
// nothing but zeros, and where it looked tells.
class ZipInput {
 public:
  ZipInput(ByteSource& archive, const ReadLimits& limits, std::uint64_t begin)
      : archive_(archive), limits_(limits), begin_(begin) {
    zip_error_init(&error_);
  }
  ~ZipInput() { zip_error_fini(&error_); }
  ZipInput(const ZipInput&) = delete;
  ZipInput& operator=(const ZipInput&) = delete;

  void read_links() { window_bytes_ = kLinkWindowBytes; }
  void probe() { probing_ = true; }
  void expect_look() { looked_at_.reset(); }
  [[nodiscard]] std::optional<std::uint64_t> looked_at() const {
    return looked_at_;
  }
  // What reading the archive failed with.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  static zip_int64_t callback(void* self, void* data, zip_uint64_t length,
                              zip_source_cmd_t command) {
    return static_cast<ZipInput*>(self)->handle(data, length, command);
  }

 private:
  zip_int64_t handle(void* data, zip_uint64_t length, zip_source_cmd_t command);
  zip_int64_t stat(void* data, zip_uint64_t length);
  zip_int64_t seek(void* data, zip_uint64_t length);
  zip_int64_t read(std::span<std::byte> out);
  Result<void> fill_window();

  [[nodiscard]] std::uint64_t size() const { return archive_.size() - begin_; }

  ByteSource& archive_;
  const ReadLimits& limits_;
  const std::uint64_t begin_;  // what stands before the archive
  zip_error_t error_{};
  std::uint64_t position_ = 0;
  std::uint64_t window_bytes_ = kWindowBytes;  // to be read at a time
  ByteRange window_;
  std::vector<std::byte> bytes_;  // of window_
  std::uint64_t total_ = 0;
  bool probing_ = false;
  std::optional<std::uint64_t> looked_at_;
  std::optional<Error> failure_;
};

zip_int64_t ZipInput::handle(void* data, zip_uint64_t length,
                             zip_source_cmd_t command) {
  switch (command) {
    case ZIP_SOURCE_SUPPORTS:
      return ZIP_SOURCE_SUPPORTS_SEEKABLE |
             ZIP_SOURCE_MAKE_COMMAND_BITMASK(ZIP_SOURCE_ACCEPT_EMPTY);
    case ZIP_SOURCE_OPEN:
      position_ = 0;
      return 0;
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
    case ZIP_SOURCE_ACCEPT_EMPTY:  // a file of no bytes is no archive
      return 0;
    case ZIP_SOURCE_STAT:
      return stat(data, length);
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&error_, data, length);
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(position_);
    case ZIP_SOURCE_SEEK:
      return seek(data, length);
    case ZIP_SOURCE_READ:
      return read({static_cast<std::byte*>(data), length});
    default:
      zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

zip_int64_t ZipInput::stat(void* data, zip_uint64_t length) {
  auto* facts = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, length, &error_);
  if (facts == nullptr) {
    return -1;
  }
  zip_stat_init(facts);
  facts->size = size();
  facts->valid |= ZIP_STAT_SIZE;
  return sizeof(zip_stat_t);
}

zip_int64_t ZipInput::seek(void* data, zip_uint64_t length) {
  const zip_int64_t to =
      zip_source_seek_compute_offset(position_, size(), data, length, &error_);
  if (to < 0) {
    return -1;
  }
  position_ = static_cast<std::uint64_t>(to);
  return 0;
}

Result<void> ZipInput::fill_window() {
  const ByteRange next =
      clip({begin_ + position_, window_bytes_}, archive_.size());
  total_ += next.length;
  if (total_ > kMaxListingBytes) {
    return Error{ErrorCode::kInvalid, "the archive's directory is too large"};
  }
  bytes_.resize(next.length);
  window_ = {};
  if (auto got = archive_.read_at(next.offset, bytes_, limits_); !got) {
    return got;
  }
  window_ = next;
  return {};
}

zip_int64_t ZipInput::read(std::span<std::byte> out) {
  if (probing_) {
    looked_at_ = looked_at_ ? looked_at_ : position_;
    std::fill(out.begin(), out.end(), std::byte{0});
    position_ += out.size();
    return static_cast<zip_int64_t>(out.size());
  }
  out = out.first(clip({position_, out.size()}, size()).length);
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t at = begin_ + position_;
    if (at < window_.offset || at >= window_.end()) {
      if (auto filled = fill_window(); !filled) {
        failure_ = filled.error();
        zip_error_set(&error_, ZIP_ER_READ, 0);
        return -1;
      }
    }
    const std::size_t count =
        std::min<std::uint64_t>(out.size() - done, window_.end() - at);
    const auto from =
        bytes_.begin() + static_cast<std::ptrdiff_t>(at - window_.offset);
    std::copy_n(from, count, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
    position_ += count;
  }
  return static_cast<zip_int64_t>(done);
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Zip = std::unique_ptr<zip_t, Discard>;

Error no_zip(const std::string& why) {
  const bool is_known = why == "Not a zip archive";  // as libzip says it
  return {ErrorCode::kInvalid,
          is_known ? "it is no zip archive"
                   : "not a zip archive that can be read: " + why};
}

Result<Zip> open_zip(ZipInput& input) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source =
      zip_source_function_create(ZipInput::callback, &input, &error);
  zip_t* archive = source == nullptr
                       ? nullptr
                       : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive != nullptr) {
    zip_error_fini(&error);
    return Zip(archive);
  }
  Error failure =
      input.failure() ? *input.failure() : no_zip(zip_error_strerror(&error));
  zip_source_free(source);
  zip_error_fini(&error);
  return failure;
}

// libzip takes the time, which has no zone, for one of the machine's.
std::int64_t as_utc(std::time_t time) {
  std::tm fields{};
  return ::localtime_r(&time, &fields) == nullptr ? 0 : ::timegm(&fields);
}

void set_method(const zip_stat_t& facts, ArchiveMember& member) {
  const bool encrypted = (facts.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
                         facts.encryption_method != ZIP_EM_NONE;
  if (!encrypted && facts.comp_method == ZIP_CM_STORE) {
    member.method = MemberMethod::kStored;
  } else if (!encrypted && facts.comp_method == ZIP_CM_DEFLATE) {
    member.method = MemberMethod::kDeflated;
  } else {
    member.method = MemberMethod::kUnreadable;
    member.why_unreadable = encrypted ? "it is encrypted"
                                      : "it is compressed by method " +
                                            std::to_string(facts.comp_method) +
                                            ", and only deflate (8) is read";
  }
}

struct CloseMember {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using OpenMember = std::unique_ptr<zip_file_t, CloseMember>;

// The length of the name is the first that libzip looks for in a local header.
Result<std::uint64_t> header_offset(zip_t* archive, zip_uint64_t index,
                                    ZipInput& input) {
  input.expect_look();
  const OpenMember file(zip_fopen_index(archive, index, ZIP_FL_COMPRESSED));
  const auto looked_at = input.looked_at();
  if (!looked_at || *looked_at < kNameLengthAt) {
    return no_zip("it does not say where a member begins");
  }
  return *looked_at - kNameLengthAt;
}

// Which system's rules a member was made by (APPNOTE.TXT 4.4.2), and its mode
// where that is Unix's; 0 of others.
struct MemberOrigin {
  bool of_dos = false;
  std::uint32_t mode = 0;
};

MemberOrigin origin_at(zip_t* archive, zip_uint64_t index) {
  constexpr unsigned kModeShift = 16;  // as Info-ZIP keeps st_mode
  zip_uint8_t system = ZIP_OPSYS_UNIX;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system,
                                       &attributes) != 0) {
    return {};
  }
  const bool of_unix = system == ZIP_OPSYS_UNIX || system == ZIP_OPSYS_OS_X;
  return {system == ZIP_OPSYS_DOS, of_unix ? attributes >> kModeShift : 0};
}

// Programs of Windows put backslashes between the parts of a name, against
// APPNOTE.TXT 4.4.17. unzip takes them for slashes where the member was made on
// DOS and its name has no slash.
std::string name_of(const char* name, bool of_dos) {
  std::string text(name);
  if (of_dos && text.find('/') == std::string::npos) {
    std::replace(text.begin(), text.end(), '\\', '/');
  }
  return text;
}

// The whole of a short member; "" where it cannot be had.
std::string short_bytes(zip_t* archive, zip_uint64_t index,
                        std::uint64_t size) {
  const OpenMember file(zip_fopen_index(archive, index, 0));
  std::string bytes(size + 1, '\0');
  // libzip checks the CRC at the end, which the second read comes to.
  const bool whole = file != nullptr &&
                     zip_fread(file.get(), bytes.data(), size + 1) ==
                         static_cast<zip_int64_t>(size) &&
                     zip_fread(file.get(), bytes.data() + size, 1) == 0;
  bytes.resize(whole ? size : 0);
  return bytes;
}

// Reads where the link `member` leads. Errors: those of the archive.
Result<void> read_link(zip_t* archive, zip_uint64_t index, ZipInput& input,
                       ArchiveMember& member) {
  if (member.method != MemberMethod::kUnreadable &&
      member.size <= kMostTargetBytes) {
    member.link_target = short_bytes(archive, index, member.size);
  }
  if (input.failure()) {
    return *input.failure();
  }
  if (member.why_unreadable.empty()) {
    member.why_unreadable = member.link_target.empty()
                                ? "it is a symbolic link whose target cannot "
                                  "be read"
                                : "it is a symbolic link";
  }
  member.method = MemberMethod::kUnreadable;
  return {};
}

// A member as the directory describes it.
Result<ArchiveMember> listed_member(zip_t* archive, zip_uint64_t index) {
  zip_stat_t facts;
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_GUESS, &facts) != 0 ||
      (facts.valid & kNeeded) != kNeeded) {
    return no_zip("an entry of its directory is damaged");
  }
  const MemberOrigin origin = origin_at(archive, index);
  ArchiveMember member;
  member.name = name_of(facts.name, origin.of_dos);
  member.is_link = S_ISLNK(origin.mode) && !member.is_directory();
  member.size = facts.size;
  member.compressed_size = facts.comp_size;
  member.crc32 = facts.crc;
  member.mtime = as_utc(facts.mtime);
  set_method(facts, member);
  return member;
}

// All members as the directory tells them, and where links lead.
Result<ArchiveMembers> listed_members(zip_t* archive, ZipInput& input) {
  ArchiveMembers members;
  std::size_t links = 0;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t at = 0; at < count; ++at) {
    const auto index = static_cast<zip_uint64_t>(at);
    auto member = listed_member(archive, index);
    if (!member) {
      return member.error();
    }
    if (member->is_link) {
      if (++links > kMostLinks) {
        member->method = MemberMethod::kUnreadable;
        member->why_unreadable = "it is one symbolic link of too many";
      }
      if (auto read = read_link(archive, index, input, *member); !read) {
        return read.error();
      }
    }
    members.push_back(*std::move(member));
  }
  return members;
}

// Where each member whose bytes will be read begins.
Result<void> find_headers(zip_t* archive, ZipInput& input, std::uint64_t begin,
                          ArchiveMembers& members) {
  for (std::size_t index = 0; index < members.size(); ++index) {
    ArchiveMember& member = members[index];
    if (member.size == 0 || member.method == MemberMethod::kUnreadable) {
      continue;
    }
    const auto offset = header_offset(archive, index, input);
    if (!offset) {
      return offset.error();
    }
    member.header_offset = begin + *offset;
  }
  return {};
}

Result<ArchiveMembers> list_from(ByteSource& archive, const ReadLimits& limits,
                                 std::uint64_t begin) {
  ZipInput input(archive, limits, begin);
  const auto zip = open_zip(input);
  if (!zip) {
    return zip.error();
  }
  input.read_links();
  auto members = listed_members(zip->get(), input);
  if (!members) {
    return members;
  }
  input.probe();
  const auto found = find_headers(zip->get(), input, begin, *members);
  return found ? std::move(members) : found.error();
}

}  // namespace

Result<ArchiveMembers> list_zip(ByteSource& archive, const ReadLimits& limits) {
  auto members = list_from(archive, limits, 0);
  if (members || members.error().code != ErrorCode::kInvalid) {
    return members;
  }
  // A program that unpacks itself, say, stands before some archives, whose
  // offsets do not count it: libzip wants to see the archive alone.
  const auto prefix = zip_prefix(archive, limits);
  return prefix && *prefix != 0 ? list_from(archive, limits, *prefix) : members;
}

}  // namespace omicsfs
