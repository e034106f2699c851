// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string>

namespace omicsfs {

// A variable of the environment of what is started while it lives.
// Thread-compatible: no other thread may look at the environment.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const std::string& value)
      : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~EnvironmentVariable() { ::unsetenv(name_); }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  const char* name_;
};

}  // namespace omicsfs
