// SPDX-License-Identifier: MIT
#include "tests/support/origin.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/raw_client.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

void write(const TemporaryDirectory& directory, const std::string& name,
           const std::string& text) {
  const std::filesystem::path path = directory.path() / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

OriginOptions serving(const TemporaryDirectory& directory) {
  OriginOptions options;
  options.root = directory.path();
  return options;
}

TEST(Origin, ServesFilesAndObjectsInMemory) {
  const TemporaryDirectory directory;
  write(directory, "a/f.txt", "from a file");
  Origin origin(serving(directory));
  origin.add("/m", "from memory");
  RawClient client(origin.port());
  EXPECT_EQ(client.get("/a/f.txt").body, "from a file");
  EXPECT_EQ(client.get("/m").body, "from memory");
  EXPECT_EQ(client.get("/none").status, 404);
  EXPECT_EQ(client.get("/a").status, 404);
}

TEST(Origin, AnswersAPathThatEndsInASlashWithItsPage) {
  Origin origin;
  origin.add("/a/index.html", "<html></html>");
  RawClient client(origin.port());
  const Reply reply = client.get("/a/");
  EXPECT_EQ(reply.body, "<html></html>");
  EXPECT_EQ(reply.header("Content-Type"), "text/html");
  EXPECT_EQ(client.get("/b/").status, 404);
}

TEST(Origin, HidesAFileBehindAnObjectUntilThatIsRemoved) {
  const TemporaryDirectory directory;
  write(directory, "f", "file");
  Origin origin(serving(directory));
  RawClient client(origin.port());
  origin.add("/f", "object");
  EXPECT_EQ(client.get("/f").body, "object");
  origin.remove("/f");
  EXPECT_EQ(client.get("/f").body, "file");
}

TEST(Origin, NeverLeavesItsRoot) {
  const TemporaryDirectory directory;
  write(directory, "outside", "secret");
  write(directory, "root/inside", "open");
  OriginOptions options;
  options.root = directory.path() / "root";
  Origin origin(options);
  RawClient client(origin.port());
  EXPECT_EQ(client.get("/inside").status, 200);
  for (const char* path : {"/../outside", "/%2e%2e/outside", "//inside",
                           "/./inside", "/inside/", "/inside%00"}) {
    EXPECT_EQ(client.get(path).status, 404) << path;
  }
}

TEST(Origin, DecodesAndEncodesPaths) {
  Origin origin;
  origin.add("/a b+c%.txt", "odd");
  RawClient client(origin.port());
  EXPECT_EQ(client.get("/a%20b%2Bc%25.txt").body, "odd");
  EXPECT_EQ(client.get("/a%20b+c%25.txt").body, "odd");
  EXPECT_EQ(client.get("/a%2").status, 400);
  EXPECT_TRUE(origin.url("/a b").ends_with("/a%20b")) << origin.url("/a b");
}

TEST(Origin, SendsEveryRangeOfAFileAsItsBytes) {
  const std::string text = "0123456";
  const TemporaryDirectory directory;
  write(directory, "f", text);
  Origin origin(serving(directory));
  RawClient client(origin.port());
  for (std::size_t first = 0; first < text.size(); ++first) {
    for (std::size_t last = first; last < text.size(); ++last) {
      const std::string range =
          std::to_string(first) + "-" + std::to_string(last);
      const Reply reply = client.get("/f", "Range: bytes=" + range + "\r\n");
      EXPECT_EQ(reply.status, 206);
      EXPECT_EQ(reply.header("Content-Range"), "bytes " + range + "/7");
      EXPECT_EQ(reply.body, text.substr(first, last - first + 1));
    }
  }
}

TEST(Origin, RefusesARangeBeyondTheEndWithTheSize) {
  Origin origin;
  origin.add("/o", "12345");
  const Reply reply = RawClient(origin.port()).get("/o", "Range: bytes=5-\r\n");
  EXPECT_EQ(reply.status, 416);
  EXPECT_EQ(reply.header("Content-Range"), "bytes */5");
}

TEST(Origin, AnswersHeadWithTheLengthAndNoBody) {
  Origin origin;
  origin.add("/o", "12345");
  RawClient client(origin.port());
  const Reply reply =
      client.exchange("HEAD /o HTTP/1.1\r\nHost: here\r\n\r\n", false);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Length"), "5");
  EXPECT_EQ(client.get("/o").body, "12345");
}

TEST(Origin, ChangesTheEtagWithTheBytes) {
  Origin origin;
  RawClient client(origin.port());
  std::set<std::string> etags;
  for (const char* bytes : {"", "a", "b"}) {
    origin.add("/o", bytes);
    etags.insert(client.get("/o").header("ETag"));
  }
  EXPECT_EQ(etags.size(), 3U);
  origin.add("/o", "a", "\"mine\"");
  EXPECT_EQ(client.get("/o").header("ETag"), "\"mine\"");
  origin.add("/o", "a", "");
  EXPECT_EQ(client.get("/o").headers.count("ETag"), 0U);
}

TEST(Origin, RefusesOtherMethodsAndGarbage) {
  Origin origin;
  EXPECT_EQ(RawClient(origin.port()).post("/o").status, 405);
  EXPECT_EQ(RawClient(origin.port()).exchange("nonsense\r\n\r\n").status, 400);
  const std::string endless(100'000, 'x');
  EXPECT_EQ(RawClient(origin.port()).exchange(endless).status, 400);
}

TEST(Origin, ClosesTheConnectionWhenAskedTo) {
  Origin origin;
  origin.add("/o", "1");
  RawClient client(origin.port());
  EXPECT_EQ(client.get("/o", "Connection: close\r\n").status, 200);
  EXPECT_EQ(client.receive().status, 0);
}

TEST(Origin, SendsAFileFarLargerThanItsBuffersWhole) {
  const TemporaryDirectory directory;
  write(directory, "f", "");
  const std::uintmax_t size = 40'000'000;
  std::filesystem::resize_file(directory.path() / "f", size);
  Origin origin(serving(directory));
  const Reply reply = RawClient(origin.port()).get("/f");
  EXPECT_TRUE(reply.whole);
  EXPECT_EQ(reply.body, std::string(size, '\0'));
}

TEST(Origin, ServesManyClientsAtOnce) {
  Origin origin;
  const std::string bytes(1'000'000, 'b');
  origin.add("/o", bytes);
  std::atomic<int> right = 0;
  std::array<std::thread, 16> clients;
  for (std::thread& client : clients) {
    client = std::thread([&] {
      right += RawClient(origin.port()).get("/o").body == bytes ? 1 : 0;
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(right, 16);
  EXPECT_EQ(origin.stats().requests.bytes_sent, 16U * bytes.size());
  EXPECT_EQ(origin.stats().connections, 16U);
}

TEST(Origin, TurnsSurplusConnectionsAway) {
  OriginOptions options;
  options.max_connections = 1;
  Origin origin(options);
  origin.add("/o", "1");
  RawClient first(origin.port());
  EXPECT_EQ(first.get("/o").status, 200);
  EXPECT_EQ(RawClient(origin.port()).receive().status, 503);
  EXPECT_EQ(first.get("/o").status, 200);
}

TEST(Origin, RefusesAPortThatIsTaken) {
  const Origin origin;
  OriginOptions options;
  options.port = origin.port();
  const auto second = Origin::start(options);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
}

TEST(Origin, PacesABodyAtItsBandwidth) {
  OriginOptions options;
  options.bandwidth = 1'000'000;
  Origin origin(options);
  origin.add("/o", std::string(200'000, 'b'));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(RawClient(origin.port()).get("/o").whole);
  // The last piece arrives a hundredth of a second before its time is up.
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(180));
}

TEST(Origin, DelaysEachAnswer) {
  OriginOptions options;
  options.delay = milliseconds(50);
  Origin origin(options);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(RawClient(origin.port()).get("/o").status, 404);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(50));
}

TEST(OriginLog, TellsEachRequestExactly) {
  Origin origin;
  origin.add("/a b", "12345");
  RawClient client(origin.port());
  client.get("/a%20b?x=1", "Range: bytes=1-2\r\nIf-Match: *\r\n");
  client.get("/none");
  const std::vector<RequestRecord> log = origin.log();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].if_match, "*");
  EXPECT_EQ(to_line(log[0]), "1 GET /a b?x=1 bytes=1-2 206 2 1 1\n");
  EXPECT_EQ(log[1].seq, 2U);
  EXPECT_EQ(log[1].status, 404);
  EXPECT_EQ(log[1].connection, 1U);
}

TEST(RequestLog, DepthCountsRequestsThatWaitedForOneAnother) {
  RequestLog log;
  const std::uint64_t first = log.begin({});
  const std::uint64_t beside = log.begin({});
  EXPECT_EQ(log.finish(first).depth, 1U);
  const std::uint64_t second = log.begin({});
  EXPECT_EQ(log.finish(beside).depth, 1U);
  EXPECT_EQ(log.finish(log.begin({})).depth, 2U);
  EXPECT_EQ(log.finish(second).depth, 2U);
  EXPECT_EQ(log.finish(log.begin({})).depth, 3U);
}

TEST(OriginLog, IsNeverBehindTheClient) {
  Origin origin;
  origin.add("/o", "12345");
  RawClient client(origin.port());
  for (std::uint64_t round = 1; round <= 500; ++round) {
    client.get("/o");
    const RequestCounts counts = origin.stats().requests;
    ASSERT_EQ(counts.bytes_sent, 5 * round);
    ASSERT_EQ(counts.in_flight, 0U);
  }
  EXPECT_EQ(origin.stats().requests.peak_in_flight, 1U);
}

TEST(OriginLog, ClearsAndWaits) {
  Origin origin;
  RawClient client(origin.port());
  client.get("/a");
  origin.clear_log();
  EXPECT_TRUE(origin.log().empty());
  EXPECT_FALSE(origin.wait_for_requests(1, milliseconds(0)));
  client.send("GET /b HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(origin.wait_for_requests(1));
  EXPECT_EQ(origin.log().at(0).path, "/b");
}

TEST(OriginLog, WritesALineAFinishedRequest) {
  const TemporaryDirectory directory;
  {
    OriginOptions options;
    options.log_file = directory.path() / "log";
    Origin origin(options);
    RawClient(origin.port()).get("/o");
  }
  std::ifstream file(directory.path() / "log");
  std::string line;
  std::getline(file, line);
  EXPECT_TRUE(line.starts_with("1 GET /o - 404 ")) << line;
}

// The text between the first `<name>` and `</name>` after `from`.
std::vector<std::string> texts_of(const std::string& xml,
                                  const std::string& name) {
  std::vector<std::string> texts;
  const std::string open = "<" + name + ">";
  const std::string close = "</" + name + ">";
  std::size_t at = xml.find(open);
  while (at != std::string::npos) {
    const std::size_t begin = at + open.size();
    const std::size_t end = xml.find(close, begin);
    texts.push_back(xml.substr(begin, end - begin));
    at = xml.find(open, end);
  }
  return texts;
}

using Texts = std::vector<std::string>;

// Follows a listing to its end; `name` is what to collect.
Texts list_all(Origin& origin, const std::string& query,
               const std::string& name) {
  RawClient client(origin.port());
  Texts all;
  std::string token;
  while (true) {
    std::string target = "/?list-type=2" + query;
    if (!token.empty()) {
      target += "&continuation-token=" + token;
    }
    const std::string xml = client.get(target).body;
    for (std::string& text : texts_of(xml, name)) {
      all.push_back(std::move(text));
    }
    if (texts_of(xml, "IsTruncated") != Texts{"true"}) {
      return all;
    }
    token = texts_of(xml, "NextContinuationToken").at(0);
  }
}

class OriginListing : public testing::Test {
 protected:
  OriginListing() {
    for (const char* name : {"/a/1", "/a/2", "/b", "/c/d/3", "/c/e", "/c0"}) {
      origin_.add(name, "12345", "\"e\"");
    }
  }

  Origin origin_;
};

TEST_F(OriginListing, IsTheSameAtEveryPageSize) {
  const Texts keys = {"a/1", "a/2", "b", "c/d/3", "c/e", "c0"};
  for (int most = 1; most <= 7; ++most) {
    const std::string query = "&max-keys=" + std::to_string(most);
    EXPECT_EQ(list_all(origin_, query, "Key"), keys) << most;
  }
}

TEST_F(OriginListing, RollsKeysUpAtADelimiterAtEveryPageSize) {
  for (int most = 1; most <= 5; ++most) {
    const std::string query = "&delimiter=/&max-keys=" + std::to_string(most);
    EXPECT_EQ(list_all(origin_, query, "Key"), (Texts{"b", "c0"})) << most;
  }
  EXPECT_EQ(list_all(origin_, "&delimiter=/&prefix=c/", "Key"), Texts{"c/e"});
  const std::string xml =
      RawClient(origin_.port()).get("/?list-type=2&delimiter=/").body;
  EXPECT_EQ(texts_of(xml, "Prefix"), (Texts{"", "a/", "c/"}));
}

TEST_F(OriginListing, HoldsWhatBeginsWithThePrefixAndFollowsTheStart) {
  EXPECT_EQ(list_all(origin_, "&prefix=c", "Key"),
            (Texts{"c/d/3", "c/e", "c0"}));
  EXPECT_EQ(list_all(origin_, "&start-after=c/d", "Key"),
            (Texts{"c/d/3", "c/e", "c0"}));
  EXPECT_EQ(list_all(origin_, "&prefix=none", "Key"), Texts());
}

TEST_F(OriginListing, DescribesAnObjectAsItIsServed) {
  const std::string xml =
      RawClient(origin_.port()).get("/?list-type=2&prefix=b").body;
  EXPECT_EQ(texts_of(xml, "Size"), Texts{"5"});
  EXPECT_EQ(texts_of(xml, "ETag"), Texts{"&quot;e&quot;"});
  EXPECT_EQ(texts_of(xml, "LastModified"), Texts{"2025-01-01T00:00:00.000Z"});
}

TEST_F(OriginListing, RefusesABadTokenOrNumber) {
  RawClient client(origin_.port());
  EXPECT_EQ(client.get("/?list-type=2&continuation-token=x").status, 400);
  EXPECT_EQ(client.get("/?list-type=2&max-keys=many").status, 400);
}

TEST_F(OriginListing, EncodesKeysWhenAskedTo) {
  origin_.add("/z &+", "");
  EXPECT_EQ(list_all(origin_, "&prefix=z", "Key"), Texts{"z &amp;+"});
  EXPECT_EQ(list_all(origin_, "&prefix=z&encoding-type=url", "Key"),
            Texts{"z+%26%2B"});
}

TEST_F(OriginListing, ListsBelowADirectory) {
  const std::string xml = RawClient(origin_.port()).get("/c?list-type=2").body;
  EXPECT_EQ(texts_of(xml, "Key"), (Texts{"d/3", "e"}));
}

TEST(OriginFileListing, NamesFilesByTheirPathBelowTheRoot) {
  const TemporaryDirectory directory;
  write(directory, "x/y/z", "123");
  write(directory, "w", "1");
  OriginOptions options = serving(directory);
  options.page_size = 1;
  Origin origin(options);
  EXPECT_EQ(list_all(origin, "", "Key"), (Texts{"w", "x/y/z"}));
  EXPECT_EQ(list_all(origin, "", "Size"), (Texts{"1", "3"}));
}

}  // namespace
}  // namespace omicsfs
