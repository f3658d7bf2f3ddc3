package dev.filigree.zoo.config;

import dev.filigree.mask.CalibratedMask.Passes;
import dev.filigree.sparsity.SparsityWork;
import dev.filigree.zoo.model.ParameterSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Operations of training so far and in all, counted by the weights that exist, as Evci et al. 2020
 * count (appendix H): for each weight and position 2 in the forward pass, 2 for the gradient of the
 * inputs and 2 for its own, and for a decoder those of causal attention. A weight that does not
 * exist costs the last 2 in the steps whose gradients an update needs (RigL's before an update,
 * those of SNFS in every step, the set B of Top-KAST), and all 6 in the passes that choose first
 * masks (SNIP, GraSP, SynFlow). {@code str} counts as dense: how sparse it is shows only while it
 * trains. What masked execution really computes is more; scores, selection and the optimizer are
 * left out.
 */
public final class TrainingFlops {
  private static final int FORWARD_AND_INPUTS = 4;
  private static final int OWN_GRADIENT = 2;
  private static final int ALL = FORWARD_AND_INPUTS + OWN_GRADIENT;

  private final double dense; // weights without a mask, and the products of attention
  private final List<SparsityWork> sparse;
  private final List<Course> courses;
  private final long lastStep;
  private final long samplesPerStep;

  private TrainingFlops(
      double dense, List<SparsityWork> sparse, long lastStep, long samplesPerStep) {
    this.dense = dense;
    this.sparse = sparse;
    courses = sparse.stream().map(Course::new).toList();
    this.lastStep = lastStep;
    this.samplesPerStep = samplesPerStep;
  }

  /**
   * Those of a run. All are NaN for convolutions, whose weights are used as often as their picture
   * has places.
   */
  public static TrainingFlops of(RunConfig config) {
    Map<String, @Nullable Object> model = config.model().block();
    boolean tied = Boolean.TRUE.equals(model.get("share_embedding_weights"));
    List<ParameterSpec> parameters = config.model().config().parameters();
    List<ParameterSpec> matrices =
        parameters.stream()
            .filter(spec -> spec.shape().size() > 1)
            .filter(spec -> tied ? !isPosition(spec.name()) : !isEmbedding(spec.name()))
            .toList();
    Set<String> counted = matrices.stream().map(ParameterSpec::name).collect(Collectors.toSet());
    var shapes = new LinkedHashMap<String, long[]>();
    var names = new LinkedHashMap<String, List<String>>();
    for (ParameterSpec spec : parameters) {
      shapes.put(spec.name(), spec.shape().stream().mapToLong(Long::longValue).toArray());
      names.put(spec.name(), List.of(spec.modelZooName()));
    }
    long lastStep = config.loop().lastStep();
    List<SparsityWork> sparse =
        config.sparsity().stream()
            .flatMap(block -> block.work(shapes, names, lastStep, counted::contains).stream())
            .toList();
    boolean convolves = matrices.stream().anyMatch(spec -> spec.shape().size() > 2);
    double dense =
        convolves
            ? Double.NaN
            : matrices.stream().mapToLong(ParameterSpec::size).sum()
                - sparse.stream().mapToLong(SparsityWork::size).sum()
                + attention(config, model);
    long samples = config.loop().gradAccumSteps() * config.trainData().batchSize();
    return new TrainingFlops(dense, sparse, lastStep, samples);
  }

  /** Multiplications of scores and values, for a position the mean over those before it. */
  private static double attention(RunConfig config, Map<String, @Nullable Object> model) {
    Integer given = config.trainData().maxSequenceLength();
    double length = given == null ? number(model, "max_position_embeddings") : given;
    return number(model, "num_hidden_layers") * number(model, "hidden_size") * length;
  }

  private static boolean isEmbedding(String name) {
    return name.contains("embed_tokens")
        || name.contains("embed_in")
        || name.contains("wte")
        || isPosition(name);
  }

  private static boolean isPosition(String name) {
    return name.contains("wpe");
  }

  private static double number(Map<String, @Nullable Object> model, String key) {
    return model.get(key) instanceof Number number ? number.doubleValue() : 0;
  }

  /** The mean over the run, of a position: a token, a picture. */
  public double perPosition() {
    return at(lastStep, 1) / lastStep;
  }

  /**
   * Of the first steps of a run, and of what came before the first.
   *
   * @param step how many
   * @param positions of a step: tokens or pictures
   */
  public double at(long step, double positions) {
    double ofSteps =
        step * ALL * dense
            + FORWARD_AND_INPUTS * sum(step, course -> course.existing)
            + OWN_GRADIENT * sum(step, course -> course.trained);
    return positions * ofSteps + calibration(positions);
  }

  /**
   * The part of {@link #at} that is for weights that do not exist: their gradients, and the passes
   * that choose first masks.
   */
  public double evidenceAt(long step, double positions) {
    double others = sum(step, course -> course.trained) - sum(step, course -> course.existing);
    return positions * OWN_GRADIENT * others + calibration(positions);
  }

  private double sum(long step, Function<Course, long[]> sums) {
    return courses.stream().mapToDouble(course -> course.at(step, sums.apply(course))).sum();
  }

  /** Passes through the dense network. */
  private double calibration(double positions) {
    double weights = dense + sparse.stream().mapToLong(SparsityWork::size).sum();
    double passes = 0;
    for (SparsityWork group : sparse) {
      Passes made = group.passes();
      passes += made.batches() + (double) made.samples() / samplesPerStep;
    }
    return passes == 0 ? 0 : ALL * weights * passes * positions;
  }

  /** The weights of a group's steps, summed up: a run asks after each step. */
  private static final class Course {
    final long[] ends; // the last step of each span
    final long[] existing; // the sum up to there over weights that exist
    final long[] trained; // the same over weights whose gradient is computed

    Course(SparsityWork work) {
      int spans = work.spans().size();
      ends = new long[spans];
      existing = new long[spans];
      trained = new long[spans];
      long steps = 0;
      long existed = 0;
      long computed = 0;
      for (int i = 0; i < spans; i++) {
        SparsityWork.Span span = work.spans().get(i);
        steps += span.steps();
        existed += span.steps() * span.existing();
        computed += span.steps() * span.trained();
        ends[i] = steps;
        existing[i] = existed;
        trained[i] = computed;
      }
    }

    /** One of the sums up to a step; that of the last one for those after it. */
    double at(long step, long[] sums) {
      int found = Arrays.binarySearch(ends, step);
      if (found >= 0) {
        return sums[found];
      }
      int span = -found - 1;
      if (span == ends.length) {
        return span == 0 ? 0 : sums[span - 1];
      }
      long begin = span == 0 ? 0 : ends[span - 1];
      long before = span == 0 ? 0 : sums[span - 1];
      return before + (step - begin) * ((sums[span] - before) / (ends[span] - begin));
    }
  }
}
