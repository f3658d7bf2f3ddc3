package dev.filigree.optim;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Parameters that share their learning rate and weight decay. */
public final class ParameterGroup {
  private final List<Tensor> parameters;
  private double learningRate;
  private double weightDecay;

  public ParameterGroup(List<Tensor> parameters, double learningRate, double weightDecay) {
    this.parameters = List.copyOf(parameters);
    this.learningRate = learningRate;
    this.weightDecay = weightDecay;
  }

  public List<Tensor> parameters() {
    return parameters;
  }

  public double learningRate() {
    return learningRate;
  }

  public void learningRate(double value) {
    learningRate = value;
  }

  public double weightDecay() {
    return weightDecay;
  }

  public void weightDecay(double value) {
    weightDecay = value;
  }
}
