// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2_name.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(Scprint2Name, HasThreeNumbersAndAnArray) {
  EXPECT_EQ(parse_scprint2_name("step_0__predict_part_12_3_embs.npz"),
            (Scprint2Name{"", "0", "12", "3", "embs"}));
  EXPECT_EQ(parse_scprint2_name("a/b/step_01__predict_part_2_3_scores.npz"),
            (Scprint2Name{"a/b/", "01", "2", "3", "scores"}));
  EXPECT_EQ(parse_scprint2_name("step_1__predict_part_2_3_top3.npz")->array,
            "top3");
  for (const char* name :
       {"", "embs.npz", "step_0__predict_part_1_2_embs", "x/README.md",
        "step_0__predict_part_1_2_embs.npz/", "step__predict_part_1_2_embs.npz",
        "step_0__predict_part__2_embs.npz", "step_0__predict_part_1__embs.npz",
        "step_0__predict_part_1_embs.npz", "step_0_predict_part_1_2_embs.npz",
        "step_0__predict_part_1_2_top.npz", "step_0__predict_part_1_2embs.npz",
        "step_-1__predict_part_1_2_embs.npz",
        "xstep_0__predict_part_1_2_embs.npz",
        "step_0__predict_part_1_2_embsx.npz",
        "step_0__predict_part_1_2_embs.npz.npy",
        "step_0__predict_part_1_2_3_embs.npz"}) {
    EXPECT_FALSE(parse_scprint2_name(name)) << name;
  }
}

}  // namespace
}  // namespace omicsfs
