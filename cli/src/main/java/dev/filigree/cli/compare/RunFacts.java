package dev.filigree.cli.compare;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.zoo.config.TrainingFlops;
import dev.filigree.zoo.report.RunMetrics;
import dev.filigree.zoo.report.RunMetrics.Eval;
import dev.filigree.zoo.report.RunMetrics.Moment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What a run of a comparison came to. Numbers that are not known are NaN.
 *
 * @param isFinal whether its loss counts; else it was there to tune
 * @param status {@code completed}, {@code early stop}, {@code diverged} or {@code failed}
 * @param unit what positions are, one of them in words: "token"
 * @param steps made
 * @param positions trained on
 * @param validationLoss the last one, nats a position, the mean over several sets; infinite where
 *     the run diverged or failed
 * @param bitsPerByte of that evaluation
 * @param accuracy of that evaluation, for pictures
 * @param trainLoss of the last step
 * @param flops of training, see {@link TrainingFlops}
 * @param evidenceFlops the part of them for weights that do not exist
 * @param seconds wall clock, evaluations included, pauses left out
 * @param cpuSeconds over all threads; NaN for a run that was resumed
 * @param peakMemory of the process, bytes
 * @param sparsity counted at the end over the sparse parameters, a fraction
 * @param speed positions a second, evaluations left out
 * @param device where it computed; empty where not known
 * @param execution of its sparse layers; empty where not known
 * @param evaluations in their order
 */
record RunFacts(
    RunSpec run,
    Path directory,
    boolean isFinal,
    String status,
    String unit,
    long steps,
    double positions,
    double validationLoss,
    double bitsPerByte,
    double accuracy,
    double trainLoss,
    double flops,
    double evidenceFlops,
    double seconds,
    double cpuSeconds,
    double peakMemory,
    double sparsity,
    double speed,
    String device,
    String execution,
    List<Evaluation> evaluations) {

  /** A validation loss on the way, the mean over several sets. */
  record Evaluation(long step, double positions, double flops, double seconds, double loss) {}

  /**
   * Reads what a run left.
   *
   * @param directory of the comparison
   * @param loss the last validation loss; infinite where it diverged or failed
   */
  static RunFacts read(Path directory, RunSpec run, boolean isFinal, double loss)
      throws IOException {
    Path folder = directory.resolve(run.directory());
    RunMetrics metrics = RunMetrics.of(folder);
    JsonNode end = metrics.end();
    String unit = metrics.unit();
    Moment newest = metrics.newest();
    long steps = metrics.ended() ? end.path("steps").asLong() : newest.step();
    double positions = orElse(RunMetrics.number(end, unit + "s"), newest.positions());
    double seconds = orElse(RunMetrics.number(end, "wall_seconds"), newest.wallSeconds());
    boolean resumed = end.path("seconds_since_step").asLong() > 0;
    double eachStep = steps == 0 ? 0 : positions / steps;
    var flops = TrainingFlops.of(run.config());
    var sets =
        metrics.evals().stream()
            .collect(
                Collectors.groupingBy(eval -> eval.at().step(), TreeMap::new, Collectors.toList()));
    List<Evaluation> evaluations =
        sets.entrySet().stream()
            .map(
                at -> {
                  Moment moment = metrics.known(at.getValue().getFirst().at());
                  return new Evaluation(
                      at.getKey(),
                      moment.positions(),
                      flops.at(at.getKey(), eachStep),
                      moment.wallSeconds(),
                      mean(at.getValue(), Eval::loss));
                })
            .toList();
    List<Eval> last = sets.isEmpty() ? List.of() : sets.lastEntry().getValue();
    return new RunFacts(
        run,
        folder,
        isFinal,
        status(folder, end, loss),
        unit,
        steps,
        positions,
        loss,
        mean(last, Eval::bitsPerByte),
        mean(last, Eval::accuracy),
        orElse(RunMetrics.number(end, "train_loss"), metrics.trainLoss()),
        flops.at(steps, eachStep),
        flops.evidenceAt(steps, eachStep),
        seconds,
        resumed ? Double.NaN : RunMetrics.number(end, "cpu_seconds"),
        RunMetrics.number(end, "peak_memory_bytes"),
        RunMetrics.number(end, "sparsity"),
        RunMetrics.number(end, unit + "s_per_second"),
        end.path("device").asText(),
        end.path("execution").asText(),
        evaluations);
  }

  private static String status(Path folder, JsonNode end, double loss) {
    boolean lostAtItsEnd = end.has("reason") && isLost(loss);
    if (lostAtItsEnd || Files.exists(folder.resolve(RunWatch.DIVERGED))) {
      return "diverged";
    }
    return isLost(loss) ? "failed" : end.path("reason").asText();
  }

  private static boolean isLost(double loss) {
    return !Double.isFinite(loss);
  }

  private static double mean(List<Eval> sets, ToDoubleFunction<Eval> value) {
    return sets.stream().mapToDouble(value).average().orElse(Double.NaN);
  }

  private static double orElse(double value, double otherwise) {
    return Double.isNaN(value) ? otherwise : value;
  }

  /** Whether its loss is none, since it diverged or failed. */
  boolean isLost() {
    return isLost(validationLoss);
  }

  /** e to the validation loss, of language models. */
  double perplexity() {
    return unit.equals("token") ? Math.exp(validationLoss) : Double.NaN;
  }

  long seed() {
    return run.config().seed();
  }
}
