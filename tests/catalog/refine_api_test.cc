// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_api.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

// An API that answers what it is told to, and notes what it was asked.
class RefineApiTest : public ::testing::Test {
 protected:
  RefineApi api() {
    return {"https://h/",
            [this](const ApiRequest& request) -> Result<ApiAnswer> {
              asked_.push_back(request);
              return answer_;
            },
            "the-token"};
  }
  void answer(int status, const std::string& body) {
    answer_ = ApiAnswer{status, body};
  }

  std::vector<ApiRequest> asked_;
  Result<ApiAnswer> answer_ = ApiAnswer{200, "{}"};
};

constexpr char kSha1[] = "3c5de2dba42c2768e7542a0262d2b9a1e9fc9f45";

TEST_F(RefineApiTest, ATokenComesWithItsTerms) {
  answer(201, R"({"id": "t1", "is_activated": false,
                  "terms_and_conditions": "Be kind."})");
  const auto token = api().new_token();
  ASSERT_TRUE(token);
  EXPECT_EQ(token->id, "t1");
  EXPECT_EQ(token->terms, "Be kind.");
  EXPECT_EQ(asked_[0].method, "POST");
  EXPECT_EQ(asked_[0].url, "https://h/v1/token/");
  ASSERT_TRUE(api().activate("t1"));
  EXPECT_EQ(asked_[1].method, "PUT");
  EXPECT_EQ(asked_[1].url, "https://h/v1/token/t1/");
  EXPECT_EQ(asked_[1].body, R"({"is_activated": true})");
}

TEST_F(RefineApiTest, TheNewestCompendiumIsFound) {
  const std::string file =
      R"("computed_file": {"size_in_bytes": 5000, "sha1": ")" +
      std::string(kSha1) + R"("})";
  answer(200, R"({"count": 2, "results": [
    {"id": 4, "compendium_version": 1, )" +
                  file + R"(},
    {"id": 9, "compendium_version": 2, )" +
                  file + R"(},
    {"id": 7, "compendium_version": 1, )" +
                  file + R"(}]})");
  const auto object = api().compendium("DANIO_RERIO", true);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->api_url, "https://h/v1/compendia/9/");
  EXPECT_EQ(object->field, "computed_file.download_url");
  EXPECT_EQ(object->size, 5000U);
  EXPECT_EQ(object->sha1.hex, kSha1);
  EXPECT_EQ(asked_[0].url,
            "https://h/v1/compendia/?primary_organism__name=DANIO_RERIO&"
            "quant_sf_only=true&limit=1000");
  EXPECT_EQ(asked_[0].secret_header, "API-KEY: the-token");
  answer(200, R"({"count": 0, "results": []})");
  EXPECT_EQ(api().compendium("X", false).error().code, ErrorCode::kNotFound);
}

TEST_F(RefineApiTest, ADatasetIsCreatedAndStartedAsWished) {
  answer(201, R"({"id": "d-1"})");
  DatasetWish wish;
  wish.experiments = {"SRP1", "S\"2"};
  wish.quantile_normalize = false;
  wish.email = "a@b.c";
  EXPECT_EQ(*api().create(wish), "d-1");
  EXPECT_EQ(asked_[0].body,
            R"({"data": {"SRP1": ["ALL"], "S\"2": ["ALL"]}, )"
            R"("aggregate_by": "EXPERIMENT", "scale_by": "NONE", )"
            R"("quantile_normalize": false, "notify_me": false})");
  ASSERT_TRUE(api().start("d-1", wish));
  EXPECT_NE(asked_[1].body.find(R"("start": true, "email_address": "a@b.c")"),
            std::string::npos);
}

TEST_F(RefineApiTest, ADatasetTellsHowFarItIs) {
  const auto state = [this](const std::string& body) {
    answer(200, body);
    const auto status = api().dataset("d/1");
    EXPECT_TRUE(status) << status.error().message;
    return status->state;
  };
  EXPECT_EQ(state("{}"), DatasetState::kNotStarted);
  EXPECT_EQ(state(R"({"is_processing": true})"), DatasetState::kProcessing);
  EXPECT_EQ(state(R"({"is_processed": true, "success": false})"),
            DatasetState::kFailed);
  EXPECT_EQ(state(R"({"is_processed": true, "success": true,
                      "is_available": false})"),
            DatasetState::kExpired);
  answer(200, R"({"is_processed": true, "success": true, "is_available": true,
                  "size_in_bytes": 173109, "sha1": ")" +
                  std::string(kSha1) + R"("})");
  const auto ready = api().dataset("d/1");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->state, DatasetState::kReady);
  EXPECT_EQ(ready->object->api_url, "https://h/v1/dataset/d%2F1/");
  EXPECT_EQ(ready->object->size, 173109U);
}

TEST_F(RefineApiTest, ARefusalSaysWhatTheApiSaid) {
  answer(400, R"({"message": "You have supplied invalid filters.",
                  "details": ["foo", "bar"]})");
  const auto refused = api().compendium("X", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("invalid filters. foo bar"),
            std::string::npos);
  EXPECT_EQ(refused.error().message.find("the-token"), std::string::npos);
  answer(404, "{}");
  EXPECT_EQ(api().dataset("x").error().code, ErrorCode::kNotFound);
}

TEST_F(RefineApiTest, AnAnswerOfAnotherShapeIsNoCrash) {
  for (const char* body :
       {"", "[]", "{", R"({"results": {}})", R"({"results": [1]})",
        R"({"results": [{"id": -1}]})",
        R"({"is_processed": true, "success": true, "is_available": true})",
        R"({"is_processed": true, "success": true, "is_available": true,
            "size_in_bytes": 1, "sha1": "short"})"}) {
    answer(200, body);
    EXPECT_FALSE(api().compendium("X", false)) << body;
    EXPECT_FALSE(api().new_token()) << body;
    static_cast<void>(api().dataset("x"));
  }
}

}  // namespace
}  // namespace omicsfs
