package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.zoo.config.EarlyStopConfig;
import dev.filigree.zoo.config.EarlyStopConfig.Mode;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.TrainingException;
import java.util.List;
import org.junit.jupiter.api.Test;

class EarlyStopTest {
  private Progress progress = new Progress();

  /** After how many of these losses the run is to end; 0 for never. */
  private int endsAfter(EarlyStopConfig config, double... losses) {
    var stop = new EarlyStop(config);
    progress = new Progress();
    for (int i = 0; i < losses.length; i++) {
      stop.evaluated(List.of(new Evaluation(i, "", losses[i], 1, null, null)), progress);
      if (stop.isDue(progress)) {
        return i + 1;
      }
    }
    return 0;
  }

  private static EarlyStopConfig config(double minDelta, long patience, Mode mode) {
    return new EarlyStopConfig("loss", minDelta, patience, mode);
  }

  @Test
  void aRunEndsWhenNothingGotBetterForItsPatience() {
    assertThat(endsAfter(config(0, 2, Mode.MIN), 3, 2, 2.5, 1.9, 1.9, 2, 1)).isEqualTo(6);
  }

  @Test
  void aChangeMustBeLargerThanMinDelta() {
    assertThat(endsAfter(config(0.5, 2, Mode.MIN), 3, 2.75, 2.5, 2)).isEqualTo(3);
    // 2.25 is better than the best that counted, 3, not than the value before.
    assertThat(endsAfter(config(0.5, 2, Mode.MIN), 3, 2.75, 2.25, 2, 1)).isZero();
  }

  @Test
  void inModeMaxHigherIsBetter() {
    assertThat(endsAfter(config(0, 1, Mode.MAX), 1, 2, 3, 2.5)).isEqualTo(4);
  }

  @Test
  void whatIsNoNumberIsNoBetter() {
    assertThat(endsAfter(config(0, 1, Mode.MIN), Double.NaN)).isEqualTo(1);
  }

  @Test
  void aSingleSetOrAnotherMetricCanBeWatched() {
    var evaluations =
        List.of(new Evaluation(1, "a", 1, 1, 8.0, null), new Evaluation(1, "b", 3, 1, null, null));
    new EarlyStop(new EarlyStopConfig("a/bits_per_byte", 0, 1, Mode.MIN))
        .evaluated(evaluations, progress);
    assertThat(progress.bestMonitored).isEqualTo(8.0);
    var mean = new Progress();
    new EarlyStop(config(0, 1, Mode.MIN)).evaluated(evaluations, mean);
    assertThat(mean.bestMonitored).isEqualTo(2.0);
    var perplexity = new EarlyStop(new EarlyStopConfig("b/perplexity", 0, 1, Mode.MIN));
    var other = new Progress();
    perplexity.evaluated(evaluations, other);
    assertThat(other.bestMonitored).isEqualTo(Math.exp(3));
    var unknown = new EarlyStop(new EarlyStopConfig("b/bits_per_byte", 0, 1, Mode.MIN));
    assertThatThrownBy(() -> unknown.evaluated(evaluations, other))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("watch the loss");
  }

  @Test
  void theCountGoesOnAfterAResume() {
    EarlyStopConfig config = config(0, 3, Mode.MIN);
    assertThat(endsAfter(config, 2, 2.5, 2.5)).isZero();
    Progress resumed = Progress.of(progress.state());
    var stop = new EarlyStop(config);
    stop.evaluated(List.of(new Evaluation(4, "", 2.1, 1, null, null)), resumed);
    assertThat(stop.isDue(resumed)).isTrue();
  }
}
