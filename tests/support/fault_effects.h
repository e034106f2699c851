// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "tests/support/http_request.h"
#include "tests/support/http_response.h"
#include "tests/support/object_store.h"
#include "tests/support/origin_fault.h"

// What each fault does to an exchange, at three stages of it. Pure, but for
// reading the byte that is to be flipped.

namespace omicsfs {

// The request as a server with these faults understands it.
[[nodiscard]] HttpRequest distorted(HttpRequest request,
                                    const std::vector<Fault>& faults);
// The object as it has become.
[[nodiscard]] ServedObject distorted(ServedObject object,
                                     const std::vector<Fault>& faults);
// The response as it goes out.
[[nodiscard]] Response distorted(Response response,
                                 const std::vector<Fault>& faults);

}  // namespace omicsfs
