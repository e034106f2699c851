// SPDX-License-Identifier: MIT
#include "catalog/directory_index.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

// One line an entry: its name, its size and its date.
std::string index_text(std::string_view html) {
  const auto entries = parse_directory_index(html);
  if (!entries) {
    return entries.error().message;
  }
  std::string text;
  for (const IndexEntry& entry : *entries) {
    text += entry.name;
    text += entry.is_directory ? "/" : "";
    text += entry.size ? " " + std::to_string(*entry.size) : " ?";
    text += entry.modified ? " @" + std::to_string(*entry.modified) : "";
    text += "\n";
  }
  return text;
}

TEST(DirectoryIndex, OfNginx) {
  EXPECT_EQ(index_text("<html>\r\n<head><title>Index of /</title></head>\r\n"
                       "<body>\r\n<h1>Index of /</h1><hr><pre>"
                       "<a href=\"../\">../</a>\r\n"
                       "<a href=\"sub/\">sub/</a>        "
                       "20-Nov-2026 10:04                   -\r\n"
                       "<a href=\"hg19.2bit\">hg19.2bit</a>    "
                       "20-Nov-2026 10:04              212644\r\n"
                       "<a href=\"a%20b%26c.cfg\">a b&amp;c.cfg</a>   "
                       "01-Jan-1970 00:01                  1K\r\n"
                       "</pre><hr></body>\r\n</html>\r\n"),
            "sub/ ? @1795169040\n"
            "hg19.2bit 212644 @1795169040\n"
            "a b&c.cfg ? @60\n");
}

TEST(DirectoryIndex, OfApacheAsTextAndAsATable) {
  EXPECT_EQ(
      index_text("<html><body><pre><img src=\"/icons/blank.gif\"> "
                 "<a href=\"?C=N;O=D\">Name</a> "
                 "<a href=\"?C=M;O=A\">Last modified</a><hr>"
                 "<a href=\"/\"><img></a> <a href=\"/\">Parent</a>   -\n"
                 "<a href=\"x.cfg\"><img alt=\"[ ]\"></a> "
                 "<a href=\"x.cfg\">x.cfg</a>  1970-01-01 00:02   14  7 days\n"
                 "<a href=\"y.2bit\">y.2bit</a> 1970-01-01 00:02  1.2M  \n"),
      "x.cfg 14 @120\ny.2bit ? @120\n");
  EXPECT_EQ(index_text("<table><tr><td><a href=\"x.cfg\">x.cfg</a></td>"
                       "<td align=\"right\">1970-01-01 00:02  </td>"
                       "<td align=\"right\"> 14 </td><td>&nbsp;</td></tr>\n"
                       "<tr><td><A HREF='d&amp;e/'>d</A></td>"
                       "<td align=\"right\">1970-01-01 00:02  </td>"
                       "<td align=\"right\">  - </td></tr></table>"),
            "x.cfg 14 @120\nd&e/ ? @120\n");
}

TEST(DirectoryIndex, OfOtherServers) {
  EXPECT_EQ(index_text("<ul>\n<li><a href=\"./a:b.txt\">a:b.txt</a></li>\n"
                       "<li><a href=plain>plain</a></li></ul>"),
            "a:b.txt ?\nplain ?\n");
  EXPECT_EQ(index_text("<tr><td class=\"n\"><a href=\"x\">x</a></td>"
                       "<td class=\"m\">1970-Jan-01 00:00:03</td>"
                       "<td class=\"s\">1.0K</td></tr>\n"),
            "x ? @3\n");
}

TEST(DirectoryIndex, WhatLeadsElsewhereIsPassedOver) {
  EXPECT_EQ(index_text("<a href=\"https://h/a\">a</a><a href=\"/b\">b</a>"
                       "<a href=\"c/d\">d</a><a href=\"?e\">e</a>"
                       "<a href=\"f?g\">f</a><a href=\"#h\">h</a>"
                       "<a href=\"..\">i</a><a href=\"./\">j</a>"
                       "<a name=\"k\">k</a><a href=\"mailto:l\">l</a>"
                       "<a href=\"../../etc/passwd\">m</a><a href=\"z\">z"),
            "z ?\n");
}

TEST(DirectoryIndex, DatesAndSizesThatAreNoneAreNotTold) {
  for (const char* after :
       {"31-Feb-2026 10:00 5", "2026-13-01 10:00 5", "20-Nov-2026 24:00 5",
        "20-Nov-2026 10:60 5", "20-Nov-26 10:00 5", "10:00 5", "5", ""}) {
    EXPECT_EQ(index_text("<a href=\"x\">x</a> " + std::string(after)), "x ?\n")
        << after;
  }
  for (const char* size : {"-5", "5K", "99999999999999999999", "0x5", "5."}) {
    EXPECT_EQ(index_text("<a href=\"x\">x</a> 01-Jan-1970 00:00 " +
                         std::string(size)),
              "x ? @0\n")
        << size;
  }
}

TEST(DirectoryIndex, ANameThatNoDirectoryCanHoldIsLeftOutAlone) {
  for (const char* href : {"a%2Fb", "%2e%2e", "%00", "a%0Ab", "a%zz", "%ff"}) {
    std::vector<EntryFault> faults;
    const auto entries = parse_directory_index(
        "<a href=\"" + std::string(href) + "\">x</a>\n<a href=\"good\">x</a>",
        [&faults](const EntryFault& fault) { faults.push_back(fault); });
    ASSERT_TRUE(entries) << href;
    ASSERT_EQ(entries->size(), 1U) << href;
    EXPECT_EQ(entries->front().name, "good");
    EXPECT_EQ(faults.size(), 1U) << href;
  }
}

TEST(DirectoryIndex, RefusesAPageWithoutLinks) {
  for (const char* html : {"", "<html>no</html>", "<a", "<a href=\"x\""}) {
    EXPECT_FALSE(parse_directory_index(html)) << html;
  }
}

}  // namespace
}  // namespace omicsfs
