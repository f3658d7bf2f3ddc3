package dev.filigree.mask;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParallelRangesTest {
  @ParameterizedTest
  @CsvSource({"10, 1", "5000000000, 1", "5000000000, 3", "2147483648, 64"})
  void everyRangeIsSmallEnoughToBeCountedInAnIntAndAllTogetherCoverTheWhole(
      long size, int threads) {
    var covered = new LongAdder();
    ParallelRanges.forEach(
        size,
        ParallelRanges.ranges(size, threads),
        (range, from, count) -> {
          assertThat(count).isLessThanOrEqualTo(1L << 30);
          covered.add(count);
        });
    assertThat(covered.sum()).isEqualTo(size);
  }
}
