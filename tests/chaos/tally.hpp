#pragma once

#include <openailb/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace openailb::test {

/// What came of the calls of one kind.
struct Outcomes {
  int calls{};
  int begun{};  ///< streams alone
  int completed{};
  int interrupted{};  ///< streams alone, by a server that the monkey had its hands on
  int dropped{};      ///< by their caller, in the midst
  int canceled{};
  int late{};     ///< they were given a deadline, and it passed
  int in_vain{};  ///< they were for one endpoint alone, which the monkey had its hands on
  int not_owed{};

  void add(const Outcomes& other) {
    calls += other.calls;
    begun += other.begun;
    completed += other.completed;
    interrupted += other.interrupted;
    dropped += other.dropped;
    canceled += other.canceled;
    late += other.late;
    in_vain += other.in_vain;
    not_owed += other.not_owed;
  }
};

/// What callers saw.
struct Tally {
  Outcomes creates{};
  Outcomes streams{};
  std::size_t requests{};
  std::size_t most_requests{};     ///< of one call
  std::size_t timeouts{};          ///< of requests
  std::vector<float> latencies{};  ///< of completed creates, in milliseconds
  std::vector<std::string> faults{};

  void add(const Tally& other) {
    creates.add(other.creates);
    streams.add(other.streams);
    requests += other.requests;
    most_requests = std::max(most_requests, other.most_requests);
    timeouts += other.timeouts;
    latencies.insert(latencies.end(), other.latencies.begin(), other.latencies.end());
    faults.insert(faults.end(), other.faults.begin(), other.faults.end());
  }

  void note(const std::vector<Attempt>& attempts) {
    requests += attempts.size();
    most_requests = std::max(most_requests, attempts.size());
    const auto timed_out = [](const Attempt& attempt) { return attempt.kind == ErrorKind::timeout; };
    timeouts += static_cast<std::size_t>(std::ranges::count_if(attempts, timed_out));
  }
};

/// The value below which so much of them lies; 0 when there are none.
inline float quantile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

/// A column of the report: its title and what a row says there.
struct Column {
  const char* title;
  int Outcomes::*value;
  bool of_streams_alone{};
};

inline constexpr std::array columns{
    Column{"calls", &Outcomes::calls},           Column{"begun", &Outcomes::begun, true},
    Column{"completed", &Outcomes::completed},   Column{"interrupted", &Outcomes::interrupted, true},
    Column{"dropped", &Outcomes::dropped, true}, Column{"canceled", &Outcomes::canceled},
    Column{"too late", &Outcomes::late},         Column{"in vain", &Outcomes::in_vain},
    Column{"not owed", &Outcomes::not_owed},
};

inline std::ostream& operator<<(std::ostream& out, const Tally& tally) {
  const auto print = [&out](const Column& column, const std::string& text) {
    out << std::setw(static_cast<int>(std::string_view(column.title).size()) + 3) << text;
  };
  const auto print_row = [&](const char* name, const Outcomes& row, bool streams) {
    out << name;
    for (const Column& column : columns) {
      print(column, column.of_streams_alone && !streams ? "-" : std::to_string(row.*column.value));
    }
    out << '\n';
  };
  out << "        ";
  for (const Column& column : columns) print(column, column.title);
  out << '\n';
  print_row("  create", tally.creates, false);
  print_row("  stream", tally.streams, true);
  const double calls = std::max(1, tally.creates.calls + tally.streams.calls);
  return out << std::fixed << std::setprecision(2) << "  create took " << quantile(tally.latencies, 0.5)
             << " ms (p50), " << quantile(tally.latencies, 0.99) << " ms (p99); a call sent "
             << static_cast<double>(tally.requests) / calls << " requests, at most " << tally.most_requests
             << "; " << tally.timeouts << " timed out\n";
}

}  // namespace openailb::test
