// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_api.h"

#include <algorithm>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

// A page holds a thousand at most; there are some two hundred organisms.
constexpr const char* kPage = "limit=1000";

Error odd(const std::string& what) {
  return {ErrorCode::kUnavailable, "an answer of another shape: " + what};
}

// What the API says against a call: its message, and the details.
std::string reasons_in(const std::string& body) {
  const auto document = JsonValue::parse(body);
  if (!document) {
    return "";
  }
  std::string text;
  for (const char* key : {"message", "detail"}) {
    const auto value = document->find(key);
    if (value && value->is_string()) {
      text +=
          (text.empty() ? ": " : "; ") + printable(*value->as_string(), 300);
    }
  }
  const auto details = document->find("details");
  const auto list = details ? details->elements()
                            : Result<std::vector<JsonValue>>(odd("none"));
  for (const JsonValue& detail : list ? *list : std::vector<JsonValue>()) {
    const auto word = detail.as_string();
    text += word ? " " + printable(*word, 100) : "";
  }
  return text;
}

Result<std::string> text_at(const JsonValue& object, const char* key) {
  const auto value = object.find(key);
  return value ? value->as_string() : Result<std::string>("");
}

bool is_true(const JsonValue& object, const char* key) {
  const auto value = object.find(key);
  const auto flag = value ? value->as_bool() : Result<bool>(false);
  return flag && *flag;
}

// Size and SHA-1 of `file`, a file as the API describes it.
Result<RefineObject> object_in(const JsonValue& file) {
  const auto size = file.at("size_in_bytes");
  const auto bytes = size ? size->as_size() : size.error();
  const auto hex = text_at(file, "sha1");
  if (!bytes || !hex) {
    return odd(bytes ? hex.error().message : bytes.error().message);
  }
  auto sha1 = parse_digest(DigestKind::kSha1, *hex);
  if (!sha1) {
    return odd(sha1.error().message);
  }
  return RefineObject{"", "", "", *bytes, *std::move(sha1)};
}

struct Compendium {
  std::uint64_t id = 0;
  std::uint64_t version = 0;
  RefineObject object;  // but for its names
};

Result<std::uint64_t> count_at(const JsonValue& object, const char* key) {
  const auto value = object.at(key);
  return value ? value->as_size() : Result<std::uint64_t>(value.error());
}

Result<Compendium> compendium_in(const JsonValue& one) {
  const auto id = count_at(one, "id");
  const auto version = count_at(one, "compendium_version");
  const auto file = one.at("computed_file");
  auto object = file ? object_in(*file) : Result<RefineObject>(file.error());
  if (!id || !version || !object) {
    return odd("a compendium");
  }
  return Compendium{*id, *version, *std::move(object)};
}

Result<std::vector<Compendium>> compendia_in(const std::string& body) {
  const auto document = JsonValue::parse(body);
  const auto results = document ? document->at("results") : document.error();
  const auto all = results ? results->elements()
                           : Result<std::vector<JsonValue>>(results.error());
  if (!all) {
    return odd(all.error().message);
  }
  std::vector<Compendium> found;
  for (const JsonValue& one : *all) {
    auto compendium = compendium_in(one);
    if (!compendium) {
      return compendium.error();
    }
    found.push_back(*std::move(compendium));
  }
  return found;
}

std::string json_of(const DatasetWish& wish, bool start) {
  std::string data;
  for (const std::string& accession : wish.experiments) {
    data += (data.empty() ? "" : ", ") + json_quoted(accession) + ": [\"ALL\"]";
  }
  std::string text = "{\"data\": {" + data +
                     "}, \"aggregate_by\": " + json_quoted(wish.aggregate_by) +
                     ", \"scale_by\": " + json_quoted(wish.scale_by) +
                     ", \"quantile_normalize\": " +
                     (wish.quantile_normalize ? "true" : "false") +
                     ", \"notify_me\": false";
  if (start) {
    text += ", \"start\": true, \"email_address\": " + json_quoted(wish.email);
  }
  return text + "}";
}

}  // namespace

std::string RefineApi::header_of(const std::string& token) {
  return token.empty() ? "" : "API-KEY: " + token;
}

// The body of a good answer.
Result<std::string> RefineApi::call(const std::string& method,
                                    const std::string& path,
                                    const std::string& body) {
  const std::string url = base_url_ + "v1/" + path;
  auto answer = ask_({method, url, body, header_of(token_)});
  if (!answer) {
    return answer.error();
  }
  if (answer->status >= 200 && answer->status < 300) {
    return std::move(answer->body);
  }
  const ErrorCode code = answer->status == 404   ? ErrorCode::kNotFound
                         : answer->status == 400 ? ErrorCode::kInvalid
                                                 : ErrorCode::kUnavailable;
  return Error{code, method + " " + url + ": the server answered " +
                         std::to_string(answer->status) +
                         reasons_in(answer->body)};
}

Result<ApiToken> RefineApi::new_token() {
  const auto body = call("POST", "token/", "{}");
  if (!body) {
    return body.error();
  }
  const auto document = JsonValue::parse(*body);
  if (!document) {
    return odd(document.error().message);
  }
  auto id = text_at(*document, "id");
  auto terms = text_at(*document, "terms_and_conditions");
  if (!id || id->empty() || !terms) {
    return odd("a token without an id");
  }
  return ApiToken{*std::move(id), *std::move(terms)};
}

Result<void> RefineApi::activate(const std::string& token) {
  const auto body = call("PUT", "token/" + percent_encode(token, "") + "/",
                         R"({"is_activated": true})");
  return body ? Result<void>() : body.error();
}

Result<RefineObject> RefineApi::compendium(const std::string& organism,
                                           bool rna_seq) {
  const auto body =
      call("GET",
           "compendia/?primary_organism__name=" + percent_encode(organism, "") +
               "&quant_sf_only=" + (rna_seq ? "true" : "false") + "&" + kPage,
           "");
  if (!body) {
    return body.error();
  }
  const auto found = compendia_in(*body);
  if (!found) {
    return found.error();
  }
  const auto newest =
      std::max_element(found->begin(), found->end(),
                       [](const Compendium& left, const Compendium& right) {
                         return left.version < right.version;
                       });
  if (newest == found->end()) {
    return Error{ErrorCode::kNotFound,
                 std::string("refine.bio has no ") +
                     (rna_seq ? "RNA-seq" : "normalized") + " compendium of " +
                     omicsfs::quoted(organism)};
  }
  const std::string id = std::to_string(newest->id);
  RefineObject object = newest->object;
  object.id = organism + "_" + std::to_string(newest->version) + "_" + id;
  object.api_url = base_url_ + "v1/compendia/" + id + "/";
  object.field = "computed_file.download_url";
  return object;
}

Result<std::string> RefineApi::create(const DatasetWish& wish) {
  const auto body = call("POST", "dataset/", json_of(wish, false));
  if (!body) {
    return body.error();
  }
  const auto document = JsonValue::parse(*body);
  auto id = document ? text_at(*document, "id")
                     : Result<std::string>(document.error());
  return id && !id->empty() ? id : odd("a dataset without an id");
}

Result<void> RefineApi::start(const std::string& id, const DatasetWish& wish) {
  const auto body = call("PUT", "dataset/" + percent_encode(id, "") + "/",
                         json_of(wish, true));
  return body ? Result<void>() : body.error();
}

Result<DatasetStatus> RefineApi::dataset(const std::string& id) {
  const std::string path = "dataset/" + percent_encode(id, "") + "/";
  const auto body = call("GET", path, "");
  if (!body) {
    return body.error();
  }
  const auto document = JsonValue::parse(*body);
  if (!document) {
    return odd(document.error().message);
  }
  if (is_true(*document, "is_processing")) {
    return DatasetStatus{DatasetState::kProcessing, "", {}};
  }
  if (!is_true(*document, "is_processed")) {
    return DatasetStatus{};
  }
  if (!is_true(*document, "success")) {
    const auto reason = text_at(*document, "failure_reason");
    return DatasetStatus{
        DatasetState::kFailed, reason ? printable(*reason, 300) : "", {}};
  }
  if (!is_true(*document, "is_available")) {
    return DatasetStatus{DatasetState::kExpired, "", {}};
  }
  auto object = object_in(*document);
  if (!object) {
    return object.error();
  }
  object->id = id;
  object->api_url = base_url_ + "v1/" + path;
  object->field = "download_url";
  return DatasetStatus{DatasetState::kReady, "", *std::move(object)};
}

}  // namespace omicsfs
