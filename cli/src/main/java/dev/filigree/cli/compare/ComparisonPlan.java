package dev.filigree.cli.compare;

import dev.filigree.config.ConfigException;
import dev.filigree.zoo.config.RunConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Which runs a comparison needs: some are known only when others are over. */
public final class ComparisonPlan {
  /**
   * What is known of a run that is over.
   *
   * @param loss the last validation loss; infinite where it diverged or failed
   * @param secondsPerStep the median; NaN for no step
   */
  public record Result(double loss, double secondsPerStep) {}

  private final ComparisonFile file;
  private final RunFactory factory;
  private final List<Group> groups;

  /**
   * Makes the plan and checks the configuration of each method.
   *
   * @throws ConfigException for a bad one, and where the runs would have no validation loss
   */
  public ComparisonPlan(BaseConfig base, ComparisonFile file) {
    this.file = file;
    factory = new RunFactory(base, file);
    RunConfig whole = factory.base();
    if (whole.validationData().isEmpty() || whole.loop().evalFrequency() == 0) {
      throw new ConfigException(
          "compare compares validation losses, and the runs would have none: give a"
              + " val_dataloader and a loop.eval_frequency");
    }
    groups = factory.groups();
    groups.forEach(this::requireGood);
  }

  private void requireGood(Group group) {
    try {
      sample(group);
      var tuning = new Tuning(group.method().tune());
      tuning.state(_ -> 0.0);
      for (var key : group.method().tune().entrySet()) {
        for (Object value : key.getValue()) {
          var choice = new LinkedHashMap<>(first(group));
          choice.put(key.getKey(), value);
          factory.timing(group, choice); // made to be read
        }
      }
    } catch (ConfigException e) {
      throw new ConfigException("method " + group.name() + ": " + e.getMessage());
    }
  }

  /** A run of a group as it is planned before anything is known. */
  RunSpec sample(Group group) {
    return factory.run(group, first(group), 0, 1);
  }

  private static Map<String, Object> first(Group group) {
    var choice = new LinkedHashMap<String, Object>();
    group.method().tune().forEach((key, values) -> choice.put(key, values.getFirst()));
    return choice;
  }

  /** The file that it follows. */
  public ComparisonFile file() {
    return file;
  }

  /** The configuration that the methods change. */
  RunConfig base() {
    return factory.base();
  }

  /** The lines of the table. */
  public List<Group> groups() {
    return groups;
  }

  /** How many runs it takes. */
  public int runs() {
    int runs = 0;
    for (Group group : groups) {
      var tuning = new Tuning(group.method().tune());
      boolean reused = tuning.isNeeded() && file.tuneLength() == 1;
      runs += tuning.runs() + file.seeds() - (reused ? 1 : 0) + (isTimed() ? 1 : 0);
    }
    return runs;
  }

  private boolean isTimed() {
    return file.budget().kind() == Budget.Kind.SECONDS;
  }

  /**
   * The runs that are wanted, as far as is known now, and are not over: those that tune first, then
   * all with the first seed, all with the second one.
   *
   * @param results of a run; null where it is not over
   */
  public List<RunSpec> wanted(Function<RunSpec, @Nullable Result> results) {
    var wanted = new LinkedHashSet<RunSpec>();
    for (Group group : groups) {
      if (seconds(group, results).isPresent()) {
        wanted.addAll(tuning(group, results));
      } else {
        RunSpec timing = factory.timing(group, first(group));
        if (results.apply(timing) == null) {
          wanted.add(timing);
        }
      }
    }
    for (long seed = 0; seed < file.seeds(); seed++) {
      for (Group group : groups) {
        Optional<RunSpec> run = run(group, seed, results);
        if (run.isPresent() && results.apply(run.get()) == null) {
          wanted.add(run.get());
        }
      }
    }
    return List.copyOf(wanted);
  }

  /**
   * The runs of a group that are in the table, as far as its tuning is over.
   *
   * @param results as in {@link #wanted}
   */
  public List<RunSpec> finals(Group group, Function<RunSpec, @Nullable Result> results) {
    var runs = new ArrayList<RunSpec>();
    for (long seed = 0; seed < file.seeds(); seed++) {
      run(group, seed, results).ifPresent(runs::add);
    }
    return runs;
  }

  /** The runs that tuned a group, as far as they are over. */
  public Map<RunSpec, Result> tuned(Group group, Function<RunSpec, @Nullable Result> results) {
    var tuned = new LinkedHashMap<RunSpec, Result>();
    Optional<Double> seconds = seconds(group, results);
    if (seconds.isPresent()) {
      new Tuning(group.method().tune())
          .state(
              choice -> {
                RunSpec run = factory.tuning(group, choice, seconds.get());
                Result result = results.apply(run);
                if (result != null) {
                  tuned.put(run, result);
                }
                return result == null ? null : Double.valueOf(result.loss());
              });
    }
    return tuned;
  }

  /** The values that a group's runs have; empty while it is tuned. */
  public Optional<Map<String, Object>> choice(
      Group group, Function<RunSpec, @Nullable Result> results) {
    return seconds(group, results)
        .map(seconds -> state(group, seconds, results))
        .filter(state -> state.wanted().isEmpty())
        .map(Tuning.State::best);
  }

  private Optional<RunSpec> run(
      Group group, long seed, Function<RunSpec, @Nullable Result> results) {
    return choice(group, results)
        .map(choice -> factory.run(group, choice, seed, seconds(group, results).orElseThrow()));
  }

  private List<RunSpec> tuning(Group group, Function<RunSpec, @Nullable Result> results) {
    double seconds = seconds(group, results).orElseThrow();
    return state(group, seconds, results).wanted().stream()
        .map(choice -> factory.tuning(group, choice, seconds))
        .toList();
  }

  private Tuning.State state(
      Group group, double seconds, Function<RunSpec, @Nullable Result> results) {
    return new Tuning(group.method().tune())
        .state(
            choice -> {
              Result result = results.apply(factory.tuning(group, choice, seconds));
              return result == null ? null : Double.valueOf(result.loss());
            });
  }

  /** Of a step, where the budget asks for it; empty where it is not known, or the run failed. */
  private Optional<Double> seconds(Group group, Function<RunSpec, @Nullable Result> results) {
    if (!isTimed()) {
      return Optional.of(1.0);
    }
    Result timed = results.apply(factory.timing(group, first(group)));
    return timed == null || Double.isNaN(timed.secondsPerStep())
        ? Optional.empty()
        : Optional.of(timed.secondsPerStep());
  }
}
