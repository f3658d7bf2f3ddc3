package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * Parameters that share their learning rate and weight decay, and, when the group is made by {@link
 * OptimizerOptions#group}, all other options of their optimizer.
 */
public final class ParameterGroup {
  private final List<Tensor> parameters = new ArrayList<>();
  private final @Nullable OptimizerOptions options;
  private double learningRate;
  private double weightDecay;

  /**
   * A group with the optimizer's options except learning rate and weight decay.
   *
   * @throws IllegalArgumentException when a rate is negative or not finite
   */
  public ParameterGroup(Collection<Tensor> parameters, double learningRate, double weightDecay) {
    this(parameters, learningRate, weightDecay, null);
  }

  ParameterGroup(
      Collection<Tensor> parameters,
      double learningRate,
      double weightDecay,
      @Nullable OptimizerOptions options) {
    parameters.forEach(this::add);
    this.options = options;
    learningRate(learningRate);
    weightDecay(weightDecay);
  }

  /** The parameters of the group, in the order they were given. */
  public List<Tensor> parameters() {
    return Collections.unmodifiableList(parameters);
  }

  /** Takes a reference of its own: the caller's may belong to a scope that ends before training. */
  final void add(Tensor parameter) {
    parameters.add(new Tensor(parameter).retainReference());
  }

  boolean contains(Tensor parameter) {
    long identity = Tensors.identity(parameter);
    return parameters.stream().anyMatch(each -> Tensors.identity(each) == identity);
  }

  /** The learning rate of the next step. */
  public double learningRate() {
    return learningRate;
  }

  /**
   * Sets the learning rate from the next step on.
   *
   * @throws IllegalArgumentException below 0, and for what is not finite
   */
  public void learningRate(double value) {
    learningRate = OptionChecks.nonNegative("learning rate", value);
  }

  /** The weight decay of the next step. */
  public double weightDecay() {
    return weightDecay;
  }

  /**
   * Sets the weight decay from the next step on.
   *
   * @throws IllegalArgumentException below 0, and for what is not finite
   */
  public void weightDecay(double value) {
    weightDecay = OptionChecks.nonNegative("weight decay", value);
  }

  /** The group as parameters see it whose learning rate is multiplied by a factor. */
  ParameterGroup scaled(double factor) {
    return factor == 1
        ? this
        : new ParameterGroup(List.of(), learningRate * factor, weightDecay / factor, options);
  }

  /** The group's own options, or null when it follows the optimizer's. */
  @Nullable OptimizerOptions options() {
    return options;
  }

  /** The elements of a libtorch vector, each with a reference of its own. */
  static List<Tensor> elements(TensorVector vector) {
    var tensors = new ArrayList<Tensor>();
    for (long i = 0; i < vector.size(); i++) {
      // What a container hands out is borrowed: the copy holds a reference.
      tensors.add(new Tensor(vector.get(i)));
    }
    return tensors;
  }
}
