package dev.filigree.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.cli.compare.Divergence.Course;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DivergenceTest {
  private static final Course GOOD = new Course(100, Map.of(50L, 1.0, 100L, 0.5));

  @Test
  void aRunEndsAboveTwiceTheBestLossAtTheSamePartOfItsLength() {
    // Half of 200 steps is where the good run, half as long, had 1.0.
    assertThat(diverged(new Course(200, Map.of(100L, 2.1)))).isTrue();
    assertThat(diverged(new Course(200, Map.of(100L, 1.9)))).isFalse();
  }

  @Test
  void aLongRunIsNotAheadByItsSteps() {
    // A tenth of 90 steps is 9, a tenth of 300 steps is 30: a run that has made more steps is no
    // measure.
    var longRun = new Course(300, Map.of(30L, 0.9));
    var shortRun = new Course(90, Map.of(9L, 1.9));
    assertThat(new Divergence(2).of(shortRun, List.of(longRun, shortRun))).isEmpty();
  }

  @Test
  void aLossThatIsNoNumberEndsARun() {
    assertThat(diverged(new Course(100, Map.of(10L, Double.NaN)))).isTrue();
  }

  @Test
  void zeroIsForNever() {
    var run = new Course(100, Map.of(50L, Double.NaN));
    assertThat(new Divergence(0).of(run, List.of(GOOD, run))).isEmpty();
  }

  private static boolean diverged(Course run) {
    return new Divergence(2).of(run, List.of(GOOD, run)).isPresent();
  }
}
